"""Stretches of time in which the arms of an experiment had the same shares, and who answered then.

Sticky, each release with its arms is one. Stateless, the control goes on answering by the same release, so it is the time that
counts: predictions before the weights were those that were asked for, or while one share takes the place of another, belong to
no stretch and to no arm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.experiment import Arm, Experiment
from lambdaloop.domain.experiment_serving import arms_of, serves_arms, serves_as_asked
from lambdaloop.domain.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """By what an arm answers, and so what its failures are counted under."""

    release: int
    variant: str | None
    """None where the whole release is one arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Time with constant shares."""

    number: int
    """Of the release that brought them."""
    arms: tuple[Arm, ...]
    answering: tuple[Answering, ...]
    """By arm."""
    start: datetime
    end: datetime | None
    """None while it lasts, and where the answers tell it."""


def stretches_of(experiment: Experiment, releases: Sequence[Release]) -> list[Stretch]:
    """In their order."""
    own = sorted((each for each in releases if serves_arms(each, experiment)), key=lambda each: each.number)
    return _stateless(experiment, own) if experiment.is_stateless else _sticky(experiment, own)


def _sticky(experiment: Experiment, own: Sequence[Release]) -> list[Stretch]:
    """Those that were live."""
    return [
        Stretch(
            number=release.number,
            arms=arms_of(release, experiment),
            answering=tuple(
                Answering(release=release.number, variant=arm.name) for arm in arms_of(release, experiment)
            ),
            start=release.closed_at,
            end=None,
        )
        for release in own
        if release.status in ("live", "superseded") and release.closed_at is not None
    ]


def _stateless(experiment: Experiment, own: Sequence[Release]) -> list[Stretch]:
    """Those that came to their share; each ends when the next one is asked for, before any traffic moves."""
    found = []
    for release, following in zip(own, [*own[1:], None], strict=True):
        if release.shared_at is None or release.previous is None:
            continue
        found.append(
            Stretch(
                number=release.number,
                arms=arms_of(release, experiment),
                answering=(
                    Answering(release=release.previous, variant=None),
                    Answering(release=release.number, variant=None),
                ),
                start=release.shared_at,
                end=_next_asked(experiment, release, following),
            )
        )
    return found


def _next_asked(experiment: Experiment, release: Release, following: Release | None) -> datetime | None:
    if following is not None:
        return following.share.asked_at if following.share else None
    if experiment.order is None or serves_as_asked(release, experiment):
        return None
    return experiment.order.at
