"""Condition blocks of IAM policies, as far as templates use them.

A condition that is not understood must never pass silently: an unknown operator is an error.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

Context = Mapping[str, tuple[str, ...]]
"""What is known of a request: condition key in lower case → its values."""


class UnsupportedPolicyError(ValueError):
    """A policy uses something this evaluator does not know; `feature` says what."""

    def __init__(self, feature: str) -> None:
        super().__init__(f"the local IAM evaluator does not support {feature}; see scripts/localcloud/iam")
        self.feature = feature


@lru_cache(maxsize=4096)
def _pattern(text: str, *, ignore_case: bool) -> re.Pattern[str]:
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in text)
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether `value` fits a pattern in which `*` is any text and `?` any one character."""
    return _pattern(pattern, ignore_case=ignore_case).fullmatch(value) is not None


def arn_matches(pattern: str, arn: str) -> bool:
    """As `matches`, but each of the six parts of an ARN on its own, as ArnLike does."""
    wanted, got = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(got) and all(map(matches, wanted, got))


def _same_ignoring_case(wanted: str, value: str) -> bool:
    return wanted.lower() == value.lower()


def _equal(wanted: str, value: str) -> bool:
    return wanted == value


_TESTS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    # operator: (test of one wanted value against one actual value, whether the result is negated)
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_same_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_same_ignoring_case, True),
    "StringLike": (matches, False),
    "StringNotLike": (matches, True),
    "Bool": (_same_ignoring_case, False),
    "ArnEquals": (arn_matches, False),
    "ArnNotEquals": (arn_matches, True),
    "ArnLike": (arn_matches, False),
    "ArnNotLike": (arn_matches, True),
}


def holds(operator: str, key: str, wanted: tuple[str, ...], context: Context) -> bool:
    """Whether one line of a condition block holds.

    Raises UnsupportedPolicyError for an operator that is not known.
    """
    actual = context.get(key.lower(), ())
    if operator == "Null":
        return (not actual) == (wanted[0].lower() == "true")
    quantifier, _, name = operator.rpartition(":")
    base = name.removesuffix("IfExists")
    if base not in _TESTS or quantifier not in {"", "ForAllValues", "ForAnyValue"}:
        raise UnsupportedPolicyError(f"the condition operator {operator!r} (of key {key!r})")
    test, negated = _TESTS[base]
    if not actual:
        return name != base or quantifier == "ForAllValues" or (negated and not quantifier)
    each = [any(test(value, got) for value in wanted) != negated for got in actual]
    return any(each) if quantifier == "ForAnyValue" else all(each)
