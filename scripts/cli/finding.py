"""What `lambdaloop doctor` finds: one line each, with what to do about it."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "failed", "unknown"]
"""unknown: it could not be asked here, which is no failure."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    status: Status
    told: str
    fix: str | None = None
    """What to type or to do next; always there for warning and failed."""


def ok(name: str, told: str) -> Finding:
    """As it should be."""
    return Finding(name=name, status="ok", told=told)


def warning(name: str, told: str, fix: str) -> Finding:
    """It works, but not as well as it could, or not for long."""
    return Finding(name=name, status="warning", told=told, fix=fix)


def failed(name: str, told: str, fix: str) -> Finding:
    """Something will not work until it is mended."""
    return Finding(name=name, status="failed", told=told, fix=fix)


def unknown(name: str, told: str) -> Finding:
    """It could not be asked here."""
    return Finding(name=name, status="unknown", told=told)
