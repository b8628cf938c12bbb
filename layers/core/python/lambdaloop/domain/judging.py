"""The rule that decides, after each bake, whether a release goes on.

A release goes on only when there is evidence that it works: enough requests, few errors, fast answers, every alarm OK, and
predictions like those of the version before or better. No evidence is no success: the step is watched again a bounded number
of times and then rolled back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lambdaloop.domain.behaviour import BehaviourFigures, Findings, disagreement_faults, judge_behaviour
from lambdaloop.domain.judgement_history import bounded_reasons
from lambdaloop.domain.release import Judgement, Verdict
from lambdaloop.domain.releasing_rules import ReleaseRules, ReleaseStep
from lambdaloop.domain.replay import wilson_low
from lambdaloop.domain.traffic import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the new version showed beside the version before."""

    metric: str
    """The training metric."""
    figures: BehaviourFigures
    champion: Observation | None
    """The traffic of the version before in the same minutes; None where it had none."""
    notes: tuple[str, ...] = ()
    """What could not be compared, and why."""
    arms: Mapping[str, BehaviourFigures] = field(default_factory=dict)
    """What the new arms of an experiment answer about the same rows."""


def judge(
    *,
    rules: ReleaseRules,
    steps: tuple[ReleaseStep, ...],
    step: int,
    holds: int,
    observation: Observation,
    alarms: Mapping[str, str],
    at: datetime,
    compared: Compared | None = None,
) -> Judgement:
    """Judge one bake: `step` indexes `steps`, `holds` counts how often this step was held already.

    `alarms` has the state (OK, ALARM, INSUFFICIENT_DATA) of each alarm that exists. `compared` is None for a first release,
    which has nothing to be compared with.
    """
    behaviour = _behaviour(rules, steps, step, compared)
    faults = [
        *_alarm_faults(rules, alarms),
        *_traffic_faults(rules, steps[step], observation),
        *behaviour.faults,
    ]
    doubts = [
        *_alarm_doubts(rules, alarms),
        *_traffic_doubts(rules, steps[step], observation),
        *behaviour.doubts,
    ]
    verdict: Verdict
    if faults:
        verdict, reasons = "roll_back", faults
    elif doubts and holds >= rules.max_holds:
        verdict, reasons = "roll_back", [*doubts, f"still in doubt after {holds} holds"]
    elif doubts:
        verdict, reasons = "hold", doubts
    else:
        verdict = "complete" if step == len(steps) - 1 else "advance"
        reasons = [_success(observation, compared)]
    if verdict != "roll_back" and compared is not None:
        reasons = [*reasons, *compared.notes]
    return Judgement(
        at=at,
        step=step,
        weight=steps[step].percent / 100,
        verdict=verdict,
        reasons=bounded_reasons(reasons),
        numbers=_numbers(observation, compared),
    )


def _behaviour(
    rules: ReleaseRules, steps: tuple[ReleaseStep, ...], step: int, compared: Compared | None
) -> Findings:
    if compared is None:
        return Findings()
    found = judge_behaviour(
        rules.behaviour,
        compared.figures,
        metric=compared.metric,
        must_be_better=rules.behaviour.require == "better" and step == len(steps) - 2,
    )
    of_arms = [
        f"arm {name} {fault}"
        for name, figures in compared.arms.items()
        for fault in (*_replay_faults(rules, figures), *disagreement_faults(rules.behaviour, figures))
    ]
    return Findings(
        faults=(*_replay_faults(rules, compared.figures), *found.faults, *of_arms), doubts=found.doubts
    )


def _replay_faults(rules: ReleaseRules, figures: BehaviourFigures) -> list[str]:
    rows, failures = figures.replayed_rows or 0, figures.replay_failures or 0
    if wilson_low(failures, rows) <= rules.max_error_rate:
        return []
    return [
        (
            f"did not answer {failures} of {rows} logged rows that the version before answers, "
            f"allowed is a rate of {rules.max_error_rate:g}"
        )
    ]


def _success(observation: Observation, compared: Compared | None) -> str:
    requests = f"{observation.requests} requests within the limits"
    return (
        f"{requests}, {compared.figures.predictions} logged predictions as expected" if compared else requests
    )


def _numbers(observation: Observation, compared: Compared | None) -> dict[str, float | None]:
    """Flat, all of the new version; `champion_…` is the version before."""
    numbers = _traffic_numbers(observation)
    if compared is None:
        return numbers
    if compared.champion is not None:
        before = _traffic_numbers(compared.champion)
        numbers |= {f"champion_{name}": value for name, value in before.items()}
    for arm, figures in compared.arms.items():
        numbers |= {f"{name} of arm {arm}": value for name, value in figures.numbers().items()}
    return numbers | compared.figures.numbers()


def _traffic_numbers(observation: Observation) -> dict[str, float | None]:
    return {
        "requests": observation.requests,
        "errors": observation.errors,
        "error_rate": _error_rate(observation),
        "p95_latency_ms": observation.p95_latency_ms,
        "p99_latency_ms": observation.p99_latency_ms,
    }


def _error_rate(observation: Observation) -> float | None:
    """None without requests. Never above 1, though 5xx answers may be counted before their invocations are."""
    return min(1.0, observation.errors / observation.requests) if observation.requests else None


def _alarm_faults(rules: ReleaseRules, alarms: Mapping[str, str]) -> list[str]:
    faults = [f"alarm {name} does not exist" for name in rules.alarms if name not in alarms]
    return faults + [f"alarm {name} is in ALARM" for name in rules.alarms if alarms.get(name) == "ALARM"]


def _alarm_doubts(rules: ReleaseRules, alarms: Mapping[str, str]) -> list[str]:
    return [
        f"alarm {name} is {alarms[name]}"
        for name in rules.alarms
        if name in alarms and alarms[name] not in ("OK", "ALARM")
    ]


def _traffic_faults(rules: ReleaseRules, step: ReleaseStep, observation: Observation) -> list[str]:
    faults = []
    # With little traffic: too many even if all requests up to the minimum went well.
    requests = max(observation.requests, needed := step.min_requests or 0)
    if observation.errors > rules.max_error_rate * requests:
        faults.append(
            f"{observation.errors} of {observation.requests} requests failed, "
            f"allowed is a rate of {rules.max_error_rate:g}"
        )
    if observation.requests < needed:
        return faults
    for name, found, limit in (
        ("p95", observation.p95_latency_ms, rules.max_p95_latency_ms),
        ("p99", observation.p99_latency_ms, rules.max_p99_latency_ms),
    ):
        if found is not None and limit is not None and not found <= limit:
            faults.append(f"{name} latency is {found:.1f} ms, allowed are {limit:g} ms")
    return faults


def _traffic_doubts(rules: ReleaseRules, step: ReleaseStep, observation: Observation) -> list[str]:
    if observation.requests < (needed := step.min_requests or 0):
        return [f"{observation.requests} requests, wanted at least {needed}"]
    if observation.p95_latency_ms is None or (
        rules.max_p99_latency_ms is not None and observation.p99_latency_ms is None
    ):
        return ["no latency figure yet"]
    return []
