"""The report of a release: how traffic moved, what each step showed beside the version before, and what was concluded."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdaloop.domain.approval import ReleaseApproval
from lambdaloop.domain.judgement_words import newest_of_each_step
from lambdaloop.domain.release import Release
from lambdaloop.domain.version import Version
from lambdaloop.reporting.markup import Content
from lambdaloop.reporting.page import (
    Section,
    Tile,
    badge,
    facts,
    figure,
    fluid,
    legend,
    page,
    table,
    verdict,
)
from lambdaloop.reporting.release_judgements import TONES, figures_section, judgements_section, spelled
from lambdaloop.reporting.scales import moment, percent, short
from lambdaloop.reporting.timeline import Stop, timeline
from lambdaloop.reporting.words import code, counted, known_moment, sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePage:
    """A release and what it is seen beside."""

    release: Release
    version: Version | None = None
    before: Release | None = None
    """The release that was live when it was opened."""
    approval: ReleaseApproval | None = None


def release_report(found: ReleasePage, *, written_at: datetime) -> str:
    """The page."""
    release = found.release
    sections: list[Section | None] = [
        _traffic(release),
        figures_section(release),
        judgements_section(release),
        _consent(found.approval),
        _about(found),
        _rules(release),
    ]
    return page(
        kind="Release report",
        title=f"{release.model}, release {release.number}",
        badges=[badge(spelled(release.status), TONES[release.status]), badge(f"version {release.version}")],
        summary=verdict(_sentence(found), tone=TONES[release.status]),
        tiles=_tiles(found),
        sections=[each for each in sections if each],
        written_at=written_at,
    )


def _sentence(found: ReleasePage) -> str:
    release = found.release
    said = {
        "open": "It was opened and has no traffic yet.",
        "shifting": "It is taking over, step by step.",
        "sharing": "It answers its share of the requests beside the live release.",
        "live": "It answers all requests.",
        "superseded": "It was live until another release took over.",
        "rolled_back": "It was rolled back.",
        "withdrawn": "It gave back its share of the traffic.",
    }[release.status]
    return f"{said} {sentence(release.outcome)}" if release.outcome else said


def _tiles(found: ReleasePage) -> list[Tile]:
    release = found.release
    # A step that is held is judged again by all that came since it began.
    steps = [each for each in newest_of_each_step(release.judgements) if each.kind == "step"]
    requests = sum(each.numbers.get("requests") or 0 for each in steps)
    ended = _first_live(release) or release.closed_at
    tiles = [
        Tile(
            label="version",
            value=release.version,
            note=f"before: release {release.previous}" if release.previous else "the first one",
        ),
        Tile(
            label="judgements",
            value=len(release.judgements),
            note=f"{sum(each.verdict == 'hold' for each in release.judgements)} of them holds",
        ),
        Tile(label="requests it was judged by", value=f"{requests:,.0f}"),
    ]
    if ended is not None:
        tiles.append(
            Tile(
                label="from opening to the end" if release.live_at is None else "from opening to live",
                value=_duration(ended - release.created_at),
                words=True,
            )
        )
    return tiles


def _traffic(release: Release) -> Section | None:
    stops = _stops(release)
    if len(stops) < 2:
        return None
    return Section(
        id="traffic",
        title="Traffic over time",
        lead="The share of the requests that the new version answered. Each dot is a judgement.",
        content=[
            figure(
                "Share of the traffic",
                fluid(
                    lambda width: timeline(stops, about=_told(release), width=width, height=250), wide=True
                ),
                legend=legend([("s4", "goes on"), ("s6", "is watched longer"), ("s3", "is rolled back")]),
            )
        ],
    )


def _stops(release: Release) -> list[Stop]:
    """When the share changed. A step began when the one before it was judged; the first one its bake before its judgement."""
    judged = [each for each in release.judgements if each.kind == "step"]
    stops = [Stop(at=release.created_at, share=0.0)]
    for place, each in enumerate(judged):
        if place == 0:
            bake = timedelta(
                seconds=release.rules.plan[min(each.step, len(release.rules.plan) - 1)].bake_seconds or 0
            )
            stops.append(Stop(at=max(release.created_at, each.at - bake), share=each.weight))
        elif each.step != judged[place - 1].step:
            stops.append(Stop(at=judged[place - 1].at, share=each.weight))
        about = f"{moment(each.at)}: {spelled(each.verdict)}. {'; '.join(each.reasons)}"
        stops.append(Stop(at=each.at, share=each.weight, verdict=each.verdict, about=about))
    live = _first_live(release)
    if live is not None:
        stops.append(Stop(at=live, share=1.0))
    if release.closed_at is not None and release.status in ("rolled_back", "withdrawn"):
        stops.append(Stop(at=release.closed_at, share=0.0))
    return sorted(stops, key=lambda stop: stop.at)


def _first_live(release: Release) -> datetime | None:
    """Not when a rollback led back to it, which is what its record says then."""
    completed = [each.at for each in release.judgements if each.verdict == "complete"]
    return min(completed, default=release.live_at) if release.live_at is not None else None


def _consent(approval: ReleaseApproval | None) -> Section | None:
    if approval is None:
        return None
    pairs: dict[str, Content] = {
        "answer": badge(approval.status, TONES[approval.status]),
        "by": approval.decided_by,
        "in the words": approval.reason,
        "asked": moment(approval.asked_at),
        "answered": known_moment(approval.decided_at),
        "would have expired": moment(approval.expires_at),
    }
    return Section(id="consent", title="Consent", content=[facts(pairs)])


def _about(found: ReleasePage) -> Section:
    release, version = found.release, found.version
    pairs: dict[str, Content] = {
        "asked for by": release.requested_by,
        "reason": release.reason,
        "workflow execution": code(release.execution),
        "opened": moment(release.created_at),
        "live": known_moment(release.live_at),
        "ended": known_moment(release.closed_at) if release.status != "live" else None,
        "Lambda version": release.lambda_version and code(release.lambda_version),
        "a rollback leads to Lambda version": code(release.previous_lambda_version),
        "model": f"{version.estimator.replace('_', ' ')}, {version.metric} {short(version.metrics.get(version.metric))}"
        if version
        else None,
        "before it": f"release {found.before.number}, version {found.before.version}"
        if found.before
        else None,
        "arms": ", ".join(f"{arm.name}: version {arm.version}" for arm in release.experiment.arms)
        if release.experiment
        else None,
    }
    return Section(id="about", title="The release", content=[facts(pairs)])


def _rules(release: Release) -> Section:
    rules = release.rules
    plan = table(
        ("step", "share", "watched for", "needs"),
        (
            (
                place + 1,
                f"{step.percent} %",
                _duration(timedelta(seconds=step.bake_seconds or 0)),
                counted(step.min_requests or 0, "request"),
            )
            for place, step in enumerate(rules.plan)
        ),
        label="Steps",
    )
    pairs: dict[str, Content] = {
        "failed requests": f"at most {percent(rules.max_error_rate)}",
        "p95 of the latency": f"at most {rules.max_p95_latency_ms:g} ms",
        "p99 of the latency": f"at most {rules.max_p99_latency_ms:g} ms"
        if rules.max_p99_latency_ms
        else None,
        "alarms that must be OK": ", ".join(rules.alarms) or None,
        "must show": {"no_harm": "no harm", "better": "that it is better, beyond doubt"}[
            rules.behaviour.require
        ],
        "holds": f"at most {rules.max_holds} for each step",
    }
    return Section(id="rules", title="What it had to show", content=[plan, facts(pairs)])


def _told(release: Release) -> str:
    steps = ", ".join(
        f"{percent(each.weight, places=0)} {spelled(each.verdict)}"
        for each in release.judgements
        if each.kind == "step"
    )
    return f"Share of the traffic by time: {steps}"


def _duration(time: timedelta) -> str:
    seconds = time.total_seconds()
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{seconds / size:.3g} {name}{'s' if f'{seconds / size:.3g}' != '1' else ''}"
    return counted(seconds, "second")
