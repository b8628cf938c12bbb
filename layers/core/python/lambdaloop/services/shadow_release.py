"""Gives a new version copies of live requests for a while, and decides whether it may take traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from lambdaloop.domain.behaviour import holds_for
from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import ReleaseStateError
from lambdaloop.domain.release import Judgement, Release, Verdict
from lambdaloop.domain.release_rules import check_open, new_arms, slice_seconds
from lambdaloop.domain.releasing_rules import Shadow
from lambdaloop.domain.replay import (
    PairedAnswer,
    Replay,
    by_segment,
    comparable_rows,
    disagreement,
    percentile,
    sample_rows,
)
from lambdaloop.domain.shadowing import (
    SegmentFigures,
    ShadowFigures,
    is_copied,
    judge_shadow,
)
from lambdaloop.domain.version import BUNDLE, Version
from lambdaloop.ports import (
    ArtifactStore,
    CaptureArchive,
    Clock,
    Leases,
    ReleaseLog,
    ShadowMetrics,
    Traffic,
    VersionRegistry,
)
from lambdaloop.services.copy_requests import LONGEST_SECONDS, Copied, copy_requests
from lambdaloop.services.hold_release import hold_release
from lambdaloop.services.recent_log import read_recent_log

COPIES = 200
"""At most in one slice."""
DELIVERY = timedelta(minutes=6)
"""Firehose delivers lines up to five minutes late, so each slice looks at minutes that long ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowDecision:
    """What the workflow branches on: hold (go on), advance or roll_back."""

    verdict: Verdict
    slices: int
    """How many are over."""
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowPorts:
    """What a shadow stage reads and writes."""

    versions: VersionRegistry
    releases: ReleaseLog
    leases: Leases
    artifacts: ArtifactStore
    archive: CaptureArchive
    traffic: Traffic
    metrics: ShadowMetrics
    clock: Clock


def shadow_release(
    definition: ModelDefinition, *, number: int, slices: int, execution: str, ports: ShadowPorts
) -> ShadowDecision:
    """Copy what was logged in the slice that is over now, and judge all slices so far; `slices` were over before.

    Doing so again gives the recorded judgement. ReleaseStateError when the release has ended.
    """
    now = ports.clock.now()
    hold_release(
        definition.name, number, execution=execution, releases=ports.releases, leases=ports.leases, at=now
    )
    release = ports.releases.release(definition.name, number)
    check_open(release)
    shadow = release.rules.shadow
    if shadow is None:  # the definition that it was opened with asks for none
        return ShadowDecision(verdict="advance", slices=slices, reasons=("no shadow stage asked for",))
    before = [each for each in release.judgements if each.kind == "shadow"]
    judgement = next((each for each in before if each.step == slices), None)
    if judgement is None:
        previous = _previous(release, ports)
        asked = _asked(release, previous, ports)
        copies = _copies(release, asked, previous.number, shadow, before, slices, ports)
        figures = _figures(definition, copies)
        judgement = judge_shadow(
            rules=release.rules,
            comparison=_expected(release, asked, previous, ports),
            before=before,
            number=slices,
            figures=figures,
            at=now,
        )
        ports.releases.record_judgement(release, judgement)
        ports.metrics.record(definition.name, figures, at=now)
    return ShadowDecision(verdict=judgement.verdict, slices=slices + 1, reasons=judgement.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Who gets copies: the version of the release, or one arm of its experiment."""

    version: Version
    arm: str | None = None


def _asked(release: Release, previous: Release, ports: ShadowPorts) -> Sequence[_Asked]:
    """The arms that an experiment adds, since its control is what serves already; else the release's own version."""
    arms = new_arms(release, previous)
    if not arms:
        return [_Asked(version=ports.versions.version(release.model, release.version))]
    return [_Asked(version=ports.versions.version(release.model, arm.version), arm=arm.name) for arm in arms]


def _previous(release: Release, ports: ShadowPorts) -> Release:
    if release.lambda_version is None or release.previous is None:
        raise ReleaseStateError(
            f"release {release.number} of {release.model!r} has no version, or none before it: nothing to shadow"
        )
    return ports.releases.release(release.model, release.previous)


def _expected(
    release: Release, asked: Sequence[_Asked], previous: Release, ports: ShadowPorts
) -> float | None:
    """How much training saw them disagree with the version before, at most; None where it says nothing about that."""
    champion = ports.versions.version(release.model, previous.version)
    known = [
        holds_for(
            each.version.comparison,
            champion=champion.number,
            champion_metrics=champion.metrics,
            rules=release.rules.behaviour,
            training_drift=None,  # by copies of a share alone nobody can tell
            training_drift_p=None,
            training_drift_error=None,
        )
        for each in asked
    ]
    return max((each.disagreement for each in known if each), default=None)


def _copies(
    release: Release,
    asked: Sequence[_Asked],
    previous: int,
    shadow: Shadow,
    before: Sequence[Judgement],
    slices: int,
    ports: ShadowPorts,
) -> Sequence[Copied]:
    now = ports.clock.now()
    until = now - DELIVERY
    since = before[-1].at - DELIVERY if before else until - timedelta(seconds=slice_seconds(shadow))
    log = read_recent_log(
        model=release.model,
        archive=ports.archive,
        since=since,
        until=until,
        releases={previous},
        now=now,
    )
    share = [
        row
        for row in log.of(previous)
        if is_copied(row.prediction_id, release=release.number, share=shadow.share)
    ]
    copies: list[Copied] = []
    for place, each in enumerate(asked):
        signature = unpack_bundle(ports.artifacts.get(each.version.files[BUNDLE])).signature
        rows = sample_rows(comparable_rows(share, signature), at_most=COPIES)
        copies += copy_requests(
            rows[place :: len(asked)],
            model=release.model,
            lambda_version=str(release.lambda_version),
            signature=signature,
            traffic=ports.traffic,
            clock=ports.clock,
            request_id=f"shadow-{release.model}-{release.number}-{slices}-{place}",
            arm=each.arm,
            seconds=LONGEST_SECONDS / len(asked),
        )
    return copies


def _figures(definition: ModelDefinition, copies: Sequence[Copied]) -> ShadowFigures:
    segments = by_segment(Replay(answers=tuple(copies)), definition.monitoring.segments, definition.features)
    whole = disagreement(
        (each.champion, each.candidate) for each in copies if each.champion and each.candidate
    )
    failures = sum(each.candidate is None for each in copies)
    times = [each.milliseconds for each in copies if each.candidate]
    return ShadowFigures(
        copies=len(copies),
        failures=failures,
        pairs=len(copies) - failures,
        disagreement=whole.value if whole else None,
        disagreement_low=whole.low if whole else None,
        p50_latency_ms=percentile(times, 50),
        p95_latency_ms=percentile(times, 95),
        segments={name: _segment(part) for name, part in segments.items()},
    )


def _segment(part: Sequence[PairedAnswer]) -> SegmentFigures:
    apart = disagreement((each.champion, each.candidate) for each in part if each.champion and each.candidate)
    times = [each.milliseconds for each in part if isinstance(each, Copied) and each.candidate]
    return SegmentFigures(
        copies=len(part),
        failures=sum(each.candidate is None for each in part),
        disagreement=apart.value if apart else None,
        p50_latency_ms=percentile(times, 50),
        p95_latency_ms=percentile(times, 95),
    )
