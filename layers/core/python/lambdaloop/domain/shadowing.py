"""The rule of the shadow stage: a new version answers copies of live requests before it may take traffic.

The stage is cut into slices of time. What each slice showed is recorded; the rule looks at all of them together, so that
many small slices judge no harder than one large one. Its guardrails speak only beyond doubt.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lambdaloop.domain.errors import ReleaseStateError
from lambdaloop.domain.release import Judgement, Release, Verdict
from lambdaloop.domain.release_rules import slices_of
from lambdaloop.domain.releasing_rules import ReleaseRules, Shadow
from lambdaloop.domain.replay import Z_ONE_SIDED, wilson_low

_MOST_SEGMENTS = 10
"""That are kept in the record, the ones with the most copies; the metrics have all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFigures:
    """What the copies of one segment showed."""

    copies: int
    failures: int
    disagreement: float | None
    p50_latency_ms: float | None
    p95_latency_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowFigures:
    """What the copies of one slice showed."""

    copies: int
    """Logged requests that the new version was asked."""
    failures: int
    """Those of them that it did not answer, though the version before did."""
    pairs: int
    """Those that it did answer."""
    disagreement: float | None
    """How far its answers are from the logged ones; None without pairs."""
    disagreement_low: float | None
    """Below which that does not lie beyond doubt."""
    p50_latency_ms: float | None
    """Of the call to Lambda, row by row; a first one that warms the function up is not counted."""
    p95_latency_ms: float | None
    segments: Mapping[str, SegmentFigures] = field(default_factory=dict)
    """By name, such as plan=basic."""


def is_copied(prediction_id: str, *, release: int, share: float) -> bool:
    """Whether this logged request is one of the share that is copied to this release: always the same answer.

    By a hash of its own: the ids that capture_rate lets into the log are not all ids.
    """
    digest = hashlib.sha256(f"shadow/{release}/{prediction_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def check_shadowed(release: Release) -> None:
    """ReleaseStateError unless the release needs no shadow stage or has passed it."""
    if release.rules.shadow is None or release.first:
        return
    verdicts = [each.verdict for each in release.judgements if each.kind == "shadow"]
    if "advance" not in verdicts:
        raise ReleaseStateError(
            f"release {release.number} of {release.model!r} has to pass its shadow stage before it takes traffic "
            f"({verdicts[-1] if verdicts else 'not begun'}): start a new release"
        )


def judge_shadow(
    *,
    rules: ReleaseRules,
    comparison: float | None,
    before: Sequence[Judgement],
    number: int,
    figures: ShadowFigures,
    at: datetime,
) -> Judgement:
    """Judge the stage after slice `number`, counted from 0; `before` are the judgements of the slices before it.

    comparison: how much the versions disagree on the holdout of the training, where that is known.
    """
    shadow = rules.shadow or Shadow()
    slices = [*(each.numbers for each in before), _numbers(figures)]
    copies, failures = (int(sum(each.get(name) or 0 for each in slices)) for name in ("copies", "failures"))
    pooled = _pooled_disagreement(slices)
    faults = [
        *_failure_faults(shadow, copies, failures),
        *_disagreement_faults(rules, comparison, pooled),
    ]
    reasons: list[str]
    verdict: Verdict
    extra = number + 1 - slices_of(shadow)
    if faults:
        verdict, reasons = "roll_back", faults
    elif extra < 0:
        verdict, reasons = "hold", [f"{copies} copies so far, slice {number + 1} of {slices_of(shadow)}"]
    elif copies < shadow.min_rows or pooled is None:
        verdict, reasons = "hold", [f"{copies} copies of live requests, wanted at least {shadow.min_rows}"]
        if extra >= rules.max_holds:
            verdict, reasons = "roll_back", [*reasons, f"still without evidence after {extra} more slices"]
    else:
        verdict = "advance"
        reasons = [
            f"{copies} copies of live requests answered within the limits, {failures} of them not at all"
        ]
    return Judgement(
        kind="shadow",
        at=at,
        step=number,
        weight=0.0,
        verdict=verdict,
        reasons=tuple(reasons),
        numbers=_numbers(figures),
    )


def _numbers(figures: ShadowFigures) -> Mapping[str, float | None]:
    most = sorted(figures.segments, key=lambda name: (-figures.segments[name].copies, name))[:_MOST_SEGMENTS]
    parts = {name: figures.segments[name] for name in sorted(most)}
    return {
        "copies": figures.copies,
        "failures": figures.failures,
        "pairs": figures.pairs,
        "disagreement": figures.disagreement,
        "disagreement_low": figures.disagreement_low,
        "p50_latency_ms": figures.p50_latency_ms,
        "p95_latency_ms": figures.p95_latency_ms,
        **{f"{name} copies": part.copies for name, part in parts.items()},
        **{f"{name} failures": part.failures for name, part in parts.items()},
        **{f"{name} disagreement": part.disagreement for name, part in parts.items()},
        **{f"{name} p95_latency_ms": part.p95_latency_ms for name, part in parts.items()},
    }


def _failure_faults(shadow: Shadow, copies: int, failures: int) -> list[str]:
    if wilson_low(failures, copies) <= shadow.max_error_rate:
        return []
    return [
        f"{failures} of {copies} copies were not answered, allowed is a rate of {shadow.max_error_rate:g}"
    ]


def _disagreement_faults(
    rules: ReleaseRules, comparison: float | None, pooled: tuple[float, float] | None
) -> list[str]:
    limit = (comparison or 0.0) + rules.behaviour.max_disagreement
    if pooled is None or pooled[1] <= limit:
        return []
    value, low = pooled
    known = "" if comparison is None else f" ({comparison:.3g} on the holdout of its training)"
    return [
        f"disagreement with the version before is {value:.3g}, beyond doubt above {low:.3g}; allowed are {limit:.3g}{known}"
    ]


def _pooled_disagreement(slices: Sequence[Mapping[str, float | None]]) -> tuple[float, float] | None:
    """Mean and lower one-sided 95 % bound over all slices, each weighted by its pairs; None without any pair."""
    known = [
        (pairs, value, low)
        for each in slices
        if (pairs := each.get("pairs"))
        and (value := each.get("disagreement")) is not None
        and (low := each.get("disagreement_low")) is not None
    ]
    if not known:
        return None
    total = math.fsum(pairs for pairs, _, _ in known)
    mean = math.fsum(pairs * value for pairs, value, _ in known) / total
    error = math.hypot(*(pairs * (value - low) / Z_ONE_SIDED for pairs, value, low in known)) / total
    return mean, max(0.0, mean - Z_ONE_SIDED * error)
