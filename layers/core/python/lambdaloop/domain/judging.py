"""The rule that decides, after each bake, whether a release goes on.

A release goes on only when there is evidence that it works: enough requests, few errors, fast answers, every alarm OK. No
evidence is no success: the step is watched again a bounded number of times and then rolled back.
"""

from collections.abc import Mapping
from datetime import datetime

from lambdaloop.domain.release import Judgement, Verdict
from lambdaloop.domain.releasing_rules import ReleaseRules, ReleaseStep
from lambdaloop.domain.traffic import Observation


def judge(
    *,
    rules: ReleaseRules,
    steps: tuple[ReleaseStep, ...],
    step: int,
    holds: int,
    observation: Observation,
    alarms: Mapping[str, str],
    at: datetime,
) -> Judgement:
    """Judge one bake: `step` indexes `steps`, `holds` counts how often this step was held already.

    `alarms` has the state (OK, ALARM, INSUFFICIENT_DATA) of each alarm that exists.
    """
    faults = [*_alarm_faults(rules, alarms), *_traffic_faults(rules, steps[step], observation)]
    doubts = [*_alarm_doubts(rules, alarms), *_traffic_doubts(steps[step], observation)]
    verdict: Verdict
    if faults:
        verdict, reasons = "roll_back", faults
    elif doubts and holds >= rules.max_holds:
        verdict, reasons = "roll_back", [*doubts, f"still without evidence after {holds} holds"]
    elif doubts:
        verdict, reasons = "hold", doubts
    else:
        verdict = "complete" if step == len(steps) - 1 else "advance"
        reasons = [f"{observation.requests} requests within the limits"]
    return Judgement(
        at=at,
        step=step,
        weight=steps[step].percent / 100,
        verdict=verdict,
        reasons=tuple(reasons),
        numbers={
            "requests": observation.requests,
            "errors": observation.errors,
            "error_rate": _error_rate(observation),
            "p95_latency_ms": observation.p95_latency_ms,
        },
    )


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
    p95 = observation.p95_latency_ms
    enough = observation.requests >= needed
    if enough and p95 is not None and not p95 <= rules.max_p95_latency_ms:
        faults.append(f"p95 latency is {p95:.1f} ms, allowed are {rules.max_p95_latency_ms:g} ms")
    return faults


def _traffic_doubts(step: ReleaseStep, observation: Observation) -> list[str]:
    if observation.requests < (needed := step.min_requests or 0):
        return [f"{observation.requests} requests, wanted at least {needed}"]
    if observation.p95_latency_ms is None:
        return ["no latency figure yet"]
    return []
