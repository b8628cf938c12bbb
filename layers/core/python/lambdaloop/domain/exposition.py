"""Metrics as text that a Prometheus server reads: its own format 0.0.4, and OpenMetrics 1.0.

Only gauges are written, and for those the two formats differ in three places: the type of the content, the escapes in help texts, and
a last line by which OpenMetrics tells a whole answer from a part of one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Sample:
    """One value; labels tell it from the others of its family."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gauge:
    """A family of samples that go up and down."""

    name: str
    help: str
    samples: Sequence[Sample]

    def __post_init__(self) -> None:
        names = [self.name, *(label for sample in self.samples for label in sample.labels)]
        if wrong := [name for name in names if not _NAME.fullmatch(name)]:
            raise ValueError(f"names must be small letters, digits and underscores, got {wrong[0]!r}")


def exposition(families: Iterable[Gauge], content_type: str) -> str:
    """All families that have samples, as TEXT or OPENMETRICS."""
    openmetrics = content_type == OPENMETRICS
    lines: list[str] = []
    for family in families:
        if not family.samples:
            continue
        told = _escaped(family.help, quotes=openmetrics)
        lines += [f"# HELP {family.name} {told}", f"# TYPE {family.name} gauge"]
        lines += [
            f"{family.name}{_labels(sample.labels)} {_number(sample.value)}" for sample in family.samples
        ]
    if openmetrics:
        lines.append("# EOF")
    return "".join(f"{line}\n" for line in lines)


def content_type_for(accept: str) -> str:
    """OPENMETRICS for who asks for it at least as gladly as for plain text, and TEXT for everybody else.

    >>> content_type_for("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1")
    'application/openmetrics-text; version=1.0.0; charset=utf-8'
    """
    wished: dict[str, float] = {}
    for each in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in each.split(";"))
        given = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        if given.get("version") in (None, "1.0.0") or kind != "application/openmetrics-text":
            wished[kind] = max(wished.get(kind, 0.0), _quality(given.get("q", "1")))
    openmetrics = wished.get("application/openmetrics-text", 0.0)
    return OPENMETRICS if openmetrics and openmetrics >= wished.get("text/plain", 0.0) else TEXT


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{_escaped(value, quotes=True)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(text: str, *, quotes: bool) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quotes else text


def _number(value: float) -> str:
    """As Python and Go both read it; whole numbers without a point."""
    return f"{value:.0f}" if value.is_integer() else repr(value)
