"""Looks at the traffic and the predictions of one step and decides what follows."""

from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.judging import Compared, judge
from lambdaloop.domain.release import Release, Verdict
from lambdaloop.domain.release_rules import check_open, steps_of
from lambdaloop.ports import Clock, Leases, ReleaseLog, TrafficObserver
from lambdaloop.services.hold_release import hold_release
from lambdaloop.services.observe_behaviour import BehaviourPorts, observe_behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the workflow branches on."""

    verdict: Verdict
    step: int
    next_step: int
    """The step to shift to, for `advance`; the same one otherwise."""
    reasons: tuple[str, ...]
    holds: int
    """How often this step was held so far."""


def judge_release(
    *,
    model: str,
    number: int,
    step: int,
    since: datetime,
    holds: int,
    execution: str,
    releases: ReleaseLog,
    leases: Leases,
    observer: TrafficObserver,
    behaviour: BehaviourPorts,
    clock: Clock,
) -> Decision:
    """Judge the step since the shift by the release's own rules, and record the judgement.

    ReleaseStateError when the release has ended.
    """
    hold_release(model, number, execution=execution, releases=releases, leases=leases, at=clock.now())
    release = releases.release(model, number)
    check_open(release)
    steps = steps_of(release)
    until, alone = clock.now(), steps[step].percent == 100
    judgement = judge(
        rules=release.rules,
        steps=steps,
        step=step,
        holds=holds,
        observation=observer.observe(release, since=since, until=until, alone=alone),
        alarms=observer.alarm_states(release.rules.alarms),
        at=until,
        compared=None
        if release.previous is None
        else _compared(
            release,
            releases.release(model, release.previous),
            since=since,
            until=until,
            alone=alone,
            observer=observer,
            behaviour=behaviour,
        ),
    )
    releases.record_judgement(release, judgement)
    return Decision(
        verdict=judgement.verdict,
        step=step,
        next_step=step + 1 if judgement.verdict == "advance" else step,
        reasons=judgement.reasons,
        holds=holds + 1 if judgement.verdict == "hold" else 0,
    )


def _compared(
    release: Release,
    previous: Release,
    *,
    since: datetime,
    until: datetime,
    alone: bool,
    observer: TrafficObserver,
    behaviour: BehaviourPorts,
) -> Compared:
    found = observe_behaviour(release, previous, since=since, until=until, alone=alone, ports=behaviour)
    return Compared(
        metric=found.metric,
        figures=found.figures,
        champion=None if alone else observer.observe(previous, since=since, until=until, alone=False),
        notes=found.notes,
        arms=found.arms,
    )
