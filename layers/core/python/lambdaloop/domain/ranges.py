"""Limits of the numbers in a model definition, and what is said about one beyond them."""

import math


def check_range(name: str, value: float | None, low: float, high: float = math.inf) -> None:
    """ValueError when there is a value and it is out of range or NaN.

    >>> check_range("max_performance_drop", -1, 0)
    Traceback (most recent call last):
    ...
    ValueError: max_performance_drop must be 0 or more, got -1
    """
    if value is not None and not low <= value <= high:
        limits = f"{low:g} or more" if high == math.inf else f"{low:g} to {high:g}"
        raise ValueError(f"{name} must be {limits}, got {value:g}")
