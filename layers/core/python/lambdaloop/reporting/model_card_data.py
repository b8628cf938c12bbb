"""The part of a model card about data: where they came from, how they were split, and what each feature looked like."""

from collections.abc import Sequence

from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.dataset import Dataset
from lambdaloop.domain.profile import CategoryProfile, ColumnProfile, NumericProfile
from lambdaloop.domain.run import Run
from lambdaloop.domain.splitting import Split
from lambdaloop.domain.training_report import TrainingReport
from lambdaloop.domain.version import TrainedOn, Version
from lambdaloop.reporting.histograms import number_pair
from lambdaloop.reporting.markup import Content, Markup, tag
from lambdaloop.reporting.page import Section, facts, figure, more, table
from lambdaloop.reporting.plot import NARROW
from lambdaloop.reporting.rows_chart import pair_rows
from lambdaloop.reporting.scales import moment, percent, short
from lambdaloop.reporting.words import code, counted, digest

_DRAWN = 60
_CATEGORIES = 8


def data_section(
    version: Version, report: TrainingReport | None, dataset: Dataset | None, run: Run | None
) -> Section:
    """Where the version came from."""
    learned = version.trained_on or (report.trained_on if report else None)
    pairs: dict[str, Content] = {
        "dataset": digest(version.dataset_digest),
        "rows": f"{version.rows:,}",
        "fitted on": _learned(learned) if learned else None,
        "holdout": _split(version.split) if version.split else None,
        "metric that chose": version.metric,
        "run": code(version.run),
        "registered": f"{moment(version.created_at)} by {version.created_by}",
        "definition": version.definition_digest and digest(version.definition_digest),
        "version": digest(version.digest),
    }
    if run is not None:
        pairs |= {
            "asked for by": run.requested_by,
            "reason": run.reason,
            "captured rows": run.captured,
            "started": moment(run.started_at),
        }
    content: list[Content] = [facts(pairs)]
    if dataset is not None and dataset.files:
        files = table(
            ("file", "rows", "bytes", "object version", "sha256"),
            (
                (
                    code(each.key),
                    f"{each.rows:,}",
                    f"{each.size:,}",
                    code(each.version_id),
                    digest(each.sha256),
                )
                for each in dataset.files
            ),
            label="Files of the dataset",
            numbers=(1, 2),
        )
        content.append(more(f"{counted(len(dataset.files), 'file')} of the dataset", files))
    return Section(
        id="data",
        title="Data and lineage",
        lead="Everything that made this version, pinned: the same data, definition and code give the same digest again.",
        content=content,
    )


def features_section(baseline: Baseline | None) -> Section | None:
    """What the rows looked like that live traffic is held against."""
    if baseline is None or not baseline.profile.features:
        return None
    features = baseline.profile.features
    names = list(features)[:_DRAWN]
    hidden = len(features) - len(names)
    lead = (
        f"The baseline of {counted(baseline.profile.rows, 'row')} that the watch holds live traffic against."
    )
    if hidden:
        lead += f" The first {_DRAWN} of {len(features)} features are drawn."
    drawn = [figure(name, _drawn(name, features[name]), note=_told(features[name])) for name in names]
    return Section(id="features", title="Features", lead=lead, content=[tag("div", drawn, class_="grid-3")])


def top_categories(
    profile: CategoryProfile, other: CategoryProfile | None = None
) -> tuple[list[str], list[float], list[float] | None]:
    """The most frequent categories with their shares, in both profiles; the rest, unseen and missing values together at the end."""
    sides: Sequence[CategoryProfile] = [profile] if other is None else [profile, other]
    weight = [
        max(_share(side.counts[i], side.rows) for side in sides) for i in range(len(profile.categories))
    ]
    ranked = sorted(range(len(weight)), key=lambda i: -weight[i])[:_CATEGORIES]
    kept = [i for i in range(len(weight)) if i in ranked]
    columns = [[_share(side.counts[i], side.rows) for i in kept] for side in sides]
    names = [profile.categories[i] or "(empty)" for i in kept]
    rest = [sum(side.counts) - sum(side.counts[i] for i in kept) for side in sides]
    for name, counts in (
        ("(others)", rest),
        ("(unseen)", [side.unseen for side in sides]),
        ("(missing)", [side.missing for side in sides]),
    ):
        if any(counts):
            names.append(name)
            for column, side, count in zip(columns, sides, counts, strict=True):
                column.append(_share(count, side.rows))
    return names, columns[0], columns[1] if other is not None else None


def _drawn(name: str, profile: ColumnProfile) -> Markup:
    if isinstance(profile, NumericProfile):
        about = f"Distribution of {name}: mean {short(profile.mean)}, from {short(profile.min)} to {short(profile.max)}"
        return number_pair(
            profile, None, label=name, names=("baseline", ""), about=about, width=NARROW, height=170
        )
    names, shares, _ = top_categories(profile)
    told = ", ".join(f"{each} {percent(share)}" for each, share in zip(names, shares, strict=True))
    return pair_rows(
        names, shares, None, sides=("baseline", ""), about=f"Shares of {name}: {told}", width=NARROW
    )


def _told(profile: ColumnProfile) -> str:
    missing = (
        f"{percent(_share(profile.missing, profile.rows))} missing" if profile.missing else "none missing"
    )
    if isinstance(profile, CategoryProfile):
        return f"{counted(len(profile.categories), 'category', 'categories')} · {missing}"
    return f"mean {short(profile.mean)} · {short(profile.min)} to {short(profile.max)} · {missing}"


def _share(count: float, rows: float) -> float:
    return count / rows if rows else 0.0


def _learned(learned: TrainedOn) -> str:
    rows = f"{learned.uploaded:,} uploaded"
    if learned.captured:
        rows += f" and {learned.captured:,} captured rows, those known by {moment(learned.captured_until)}"
    else:
        rows += " rows"
    return f"{rows}, anew with the holdout after it had passed the gate" if learned.refitted else rows


def _split(split: Split) -> str:
    if split.kind == "recent":
        return f"the newest captured rows, since {moment(split.since)} ({percent(split.fraction, places=0)} of them)"
    if split.kind == "time":
        return f"the last {percent(split.fraction, places=0)} of the rows"
    return (
        f"{percent(split.fraction, places=0)} of the rows, by hash of {', '.join(split.key_columns[:4])}"
        + (f" and {len(split.key_columns) - 4} more columns" if len(split.key_columns) > 4 else "")
    )
