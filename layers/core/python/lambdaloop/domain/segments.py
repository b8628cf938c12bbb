"""Segments: parts of the traffic that are counted separately, too. Which one a row is in depends on nothing but the row."""

from collections.abc import Mapping

from lambdaloop.domain.definition import Feature

MAX_SEGMENT_VALUES = 20
"""Of one feature; the first ones of its categories have a segment each, all others share one."""
OTHER, MISSING = "other", "missing"


def segment_values(feature: Feature) -> Mapping[str, str]:
    """The part of a segment's name that stands for each known value of a category or a boolean.

    >>> segment_values(Feature(type="boolean"))
    {'false': 'false', 'true': 'true'}
    """
    if feature.type == "boolean":
        return {"false": "false", "true": "true"}
    return {
        value: value if place < MAX_SEGMENT_VALUES else OTHER
        for place, value in enumerate(feature.categories)
    }


def segment_name(feature: str, value: str) -> str:
    """What reports call a segment.

    >>> segment_name("plan", "basic")
    'plan=basic'
    """
    return f"{feature}={value}"
