"""The report of a training: what the version is, what it learned from, how good it is, for whom, and what to beware of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.dataset import Dataset
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.run import Run
from lambdaloop.domain.training_report import TrainingReport
from lambdaloop.domain.version import Version
from lambdaloop.reporting.limitations import limitations
from lambdaloop.reporting.markup import Content, Markup, tag
from lambdaloop.reporting.model_card_data import data_section, features_section
from lambdaloop.reporting.model_card_groups import groups_section, slices_section
from lambdaloop.reporting.model_card_quality import curves_section, importance_section, metrics_section
from lambdaloop.reporting.page import Section, Tile, badge, facts, figure, fluid, more, page, table, verdict
from lambdaloop.reporting.rows_chart import Row, bar_rows
from lambdaloop.reporting.scales import moment, short
from lambdaloop.reporting.words import code, counted, digest, direction, interval, metric_name


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """All that is known about a version; what cannot be read is left out of the page, and the page says so."""

    version: Version
    report: TrainingReport | None = None
    baseline: Baseline | None = None
    dataset: Dataset | None = None
    run: Run | None = None
    champion: bool = False
    """Whether it serves now."""


def model_card(card: ModelCard, *, written_at: datetime) -> str:
    """The page."""
    version = card.version
    sections: list[Section | None] = [
        data_section(card.version, card.report, card.dataset, card.run),
        _candidates(card.report),
        metrics_section(version, card.report),
        curves_section(card.report),
        importance_section(card.report),
        slices_section(card.report),
        groups_section(card.report),
        _gate(version, card.report),
        features_section(card.baseline),
        _serving(version),
        Section(
            id="limitations",
            title="Limitations",
            lead="What follows from the numbers above, and what no number above can tell.",
            content=[
                tag("ul", [tag("li", each) for each in limitations(version, card.report)], class_="plain")
            ],
        ),
    ]
    return page(
        kind="Model card",
        title=f"{version.model}, version {version.number}",
        badges=_badges(card),
        summary=_summary(card),
        tiles=_tiles(card),
        sections=[each for each in sections if each],
        written_at=written_at,
    )


def _badges(card: ModelCard) -> Sequence[Markup]:
    return [
        *([badge("champion", "good")] if card.champion else []),
        badge(card.version.task),
        badge(card.version.estimator.replace("_", " ")),
    ]


def _summary(card: ModelCard) -> Markup:
    version, metric = card.version, card.version.metric
    value = short(version.metrics.get(metric))
    checks = version.gate.get("checks", [])
    held = f" It passed all {len(checks)} checks of the gate." if len(checks) > 1 else " It passed the gate."
    learned = f"learned from {counted(version.rows, 'row')}" if not version.trained_on else _learned(version)
    text = f"{version.estimator.replace('_', ' ').capitalize()} that {learned} and has {metric_name(metric)} {value} on rows that it never saw."
    return verdict(text, held if version.gate.get("passed", True) else None, tone="good")


def _learned(version: Version) -> str:
    rows = version.trained_on
    assert rows is not None  # noqa: S101  (asked by the caller)
    if not rows.captured:
        return f"learned from {counted(rows.uploaded, 'uploaded row')}"
    return (
        f"learned from {counted(rows.uploaded, 'uploaded row')} and {counted(rows.captured, 'captured row')}"
    )


def _tiles(card: ModelCard) -> list[Tile]:
    version, report = card.version, card.report
    found = report.findings if report else None
    estimate = found.metrics.get(version.metric, Estimate(value=None)) if found else Estimate(value=None)
    sure = f"95 %: {interval(estimate)}" if estimate.low is not None else direction(version.metric)
    tiles = [
        Tile(
            label=f"{metric_name(version.metric)} on the holdout",
            value=short(version.metrics.get(version.metric)),
            note=sure,
        ),
        Tile(
            label="rows of the dataset",
            value=f"{version.rows:,}",
            note=f"{found.rows:,} held out" if found else None,
        ),
    ]
    if report and report.champion:
        tiles.append(
            Tile(
                label=f"champion then, version {report.champion.version}",
                value=short(report.champion.value),
                note="on the same rows",
            )
        )
    if version.runtime:
        tiles.append(
            Tile(
                label="time for a row",
                value=f"{short(version.runtime.speed.row_us)} µs",
                note=f"{version.runtime.bytes / 1e6:.2f} MB served",
            )
        )
    tiles.append(
        Tile(
            label="created",
            value=f"{version.created_at:%d %b %Y}",
            note=f"{version.created_at:%H:%M} UTC",
            words=True,
        )
    )
    return tiles


def _candidates(report: TrainingReport | None) -> Section | None:
    if report is None or not report.candidates:
        return None
    ranked = report.candidates
    rows = [
        Row(
            name=each.name,
            value=each.score,
            low=None if each.score is None or each.score_std is None else each.score - each.score_std,
            high=None if each.score is None or each.score_std is None else each.score + each.score_std,
            color=1 if each.name == report.winner else 2,
        )
        for each in ranked
    ]
    name = metric_name(report.metric)
    listed = "; ".join(f"{row.name} {short(row.value)}" for row in rows)
    return Section(
        id="candidates",
        title="Candidates",
        lead=f"Mean {name} over the folds of the cross-validation, with one standard deviation ({direction(report.metric)}). "
        f"The winner, {report.winner}, was then fitted on all training rows.",
        content=[
            figure(
                f"{name} in cross-validation",
                fluid(
                    lambda width: bar_rows(
                        rows, label=name, about=f"{name} by candidate: {listed}", width=width
                    ),
                    wide=True,
                ),
            ),
            more(
                "Numbers",
                table(
                    ("candidate", "estimator", name, "± standard deviation", "seconds"),
                    (
                        (
                            each.name,
                            each.estimator.replace("_", " "),
                            short(each.score, digits=4),
                            short(each.score_std, digits=4),
                            short(each.seconds),
                        )
                        for each in ranked
                    ),
                    label="Candidates",
                    numbers=(2, 3, 4),
                ),
            ),
        ],
    )


def _gate(version: Version, report: TrainingReport | None) -> Section | None:
    checks = report.gate if report else ()
    if not checks:
        return None
    return Section(
        id="gate",
        title="Gate",
        lead="What the winner had to reach on the holdout before it became a version.",
        content=[
            table(
                ("check", "passed", "metric", "value", "limit", "why"),
                (
                    (
                        each.name,
                        badge("passed", "good") if each.passed else badge("failed", "bad"),
                        metric_name(each.metric),
                        short(each.value, digits=4),
                        short(each.limit, digits=4),
                        each.reason,
                    )
                    for each in checks
                ),
                label=f"Gate of version {version.number}",
                numbers=(3, 4),
            )
        ],
    )


def _serving(version: Version) -> Section:
    runtime = version.runtime
    known: dict[str, Content] = {}
    if runtime:
        speed = runtime.speed
        known = {
            "runtime": runtime.name,
            "because": runtime.reason,
            "off scikit-learn by at most": f"{runtime.worst_difference:.3g}, on the golden rows",
            "size": f"{runtime.bytes / 1e6:.2f} MB",
            "loading": f"{short(speed.load_ms)} ms",
            "a row": f"{short(speed.row_us)} µs alone, {short(speed.batch_row_us)} µs in a batch",
        }
    known["parameters"] = ", ".join(f"{key} = {value}" for key, value in version.parameters.items())
    files = table(
        ("file", "bytes", "sha256"),
        ((code(name), f"{file.size:,}", digest(file.sha256)) for name, file in version.files.items()),
        label="Files",
        numbers=(1,),
    )
    made = facts({**known, "digest": digest(version.digest), "created": moment(version.created_at)})
    return Section(id="serving", title="What serves it", content=[made, more("Files", files)])
