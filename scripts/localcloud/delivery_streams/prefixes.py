"""Where Firehose puts an object: `!{timestamp:yyyy/MM/dd}/!{partitionKeyFromQuery:model}/` and its like."""

import random
import re
import string
from collections.abc import Mapping
from datetime import UTC, datetime

_EXPRESSION = re.compile(r"!\{([A-Za-z]+):([^}]*)\}")
_DATE_PART = re.compile(r"'([^']*)'|yyyy|MM|dd|HH|mm|ss|([A-Za-z]+)|([^A-Za-z']+)")
_STRFTIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
DEFAULT_TIME = "!{timestamp:yyyy/MM/dd/HH}/"


class InvalidPrefixError(ValueError):
    """A prefix that Firehose refuses, or with a date format that the local cloud does not know."""


def check(prefix: str, *, for_errors: bool, query_keys: frozenset[str], lambda_keys: bool) -> None:
    """Check a Prefix or ErrorOutputPrefix.

    `query_keys` are the keys that metadata extraction makes; `lambda_keys` says whether a function may make some.
    Raises InvalidPrefixError.
    """
    for namespace, value in _EXPRESSION.findall(prefix):
        known = {
            "timestamp": True,
            "firehose": value == "random-string" or (for_errors and value == "error-output-type"),
            "partitionKeyFromQuery": not for_errors and value in query_keys,
            "partitionKeyFromLambda": not for_errors and lambda_keys,
        }
        if not known.get(namespace):
            raise InvalidPrefixError(
                f"expression !{{{namespace}:{value}}} cannot be evaluated in prefix {prefix!r}"
            )
        if namespace == "timestamp":
            _format(value, datetime(2000, 1, 1, tzinfo=UTC))  # any moment shows whether it can be formatted
    if "!{" in _EXPRESSION.sub("", prefix):
        raise InvalidPrefixError(f"malformed expression in prefix {prefix!r}")
    if for_errors and prefix and has_expressions(prefix) and "!{firehose:error-output-type}" not in prefix:
        raise InvalidPrefixError(
            f"an error prefix with expressions needs !{{firehose:error-output-type}}: {prefix!r}"
        )


def has_expressions(prefix: str) -> bool:
    """Whether anything in the prefix is evaluated."""
    return _EXPRESSION.search(prefix) is not None


def expand(
    prefix: str,
    moment: datetime,
    rng: random.Random,
    *,
    error_type: str = "",
    keys: Mapping[str, str] | None = None,
) -> str:
    """The prefix for an object whose oldest record arrived at `moment` (in the stream's time zone)."""

    def replace(match: re.Match[str]) -> str:
        namespace, value = match.groups()
        if namespace == "timestamp":
            return _format(value, moment)
        if namespace == "firehose":
            return error_type if value == "error-output-type" else random_text(rng, 11)
        return (keys or {})[value]

    return _EXPRESSION.sub(replace, prefix)


def random_text(rng: random.Random, length: int) -> str:
    """Letters and digits."""
    return "".join(rng.choices(string.ascii_letters + string.digits, k=length))


def _format(pattern: str, moment: datetime) -> str:
    """Java's DateTimeFormatter, as far as paths need it."""
    done: list[str] = []
    position = 0
    while position < len(pattern):
        match = _DATE_PART.match(pattern, position)
        if match is None or match[2]:
            raise InvalidPrefixError(
                f"date format {pattern!r} is not emulated locally, use {', '.join(_STRFTIME)}"
            )
        done.append(
            moment.strftime(_STRFTIME[match[0]]) if match[0] in _STRFTIME else match[1] or match[3] or "'"
        )
        position = match.end()
    return "".join(done)
