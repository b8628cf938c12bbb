"""The part of a drift report that shows distributions: the baseline, and the window on top of it."""

from collections.abc import Mapping

from lambdaloop.domain.profile import CategoryProfile, ColumnProfile, NumericProfile, Profile
from lambdaloop.domain.window import ColumnDrift, DriftReport
from lambdaloop.reporting.histograms import number_pair
from lambdaloop.reporting.markup import Markup, tag
from lambdaloop.reporting.model_card_data import top_categories
from lambdaloop.reporting.page import Section, figure, legend
from lambdaloop.reporting.plot import NARROW
from lambdaloop.reporting.rows_chart import pair_rows
from lambdaloop.reporting.scales import percent, short

_DRAWN = 36
SIDES = ("baseline", "window")


def distributions_section(
    drift: DriftReport | None, baseline: Profile | None, current: Profile | None
) -> Section | None:
    """Drifted features first, then the others by distance; predictions and scores before them."""
    if baseline is None or current is None:
        return None
    before, now = _columns(baseline), _columns(current)
    judged: dict[str, ColumnDrift] = {**drift.features, **drift.predictions} if drift else {}
    names = [name for name in before if name in now and _alike(before[name], now[name])]
    outputs = [name for name in names if name not in baseline.features]
    features = sorted(
        (name for name in names if name in baseline.features), key=lambda name: -_distance(judged, name)
    )
    drawn = [
        _pair(name, before[name], now[name], judged.get(name)) for name in (*outputs, *features)[:_DRAWN]
    ]
    if not drawn:
        return None
    rest = len(names) - len(drawn)
    return Section(
        id="distributions",
        title="Distributions",
        lead="What the version answered, then its features, the farthest first."
        + (f" {rest} that are nearest to the baseline are left out." if rest else ""),
        content=[legend([("s2", "baseline"), ("s1", "this window")]), tag("div", drawn, class_="grid-3")],
    )


def _columns(profile: Profile) -> dict[str, ColumnProfile]:
    scores = {f"score {label}": each for label, each in profile.scores.items()}
    return {"prediction": profile.prediction, **scores, **profile.features}


def _alike(one: ColumnProfile, other: ColumnProfile) -> bool:
    """Profiles of one version have the same bins."""
    if isinstance(one, NumericProfile) and isinstance(other, NumericProfile):
        return one.edges == other.edges
    if isinstance(one, CategoryProfile) and isinstance(other, CategoryProfile):
        return one.categories == other.categories
    return False


def _distance(judged: Mapping[str, ColumnDrift], name: str) -> float:
    return (judged[name].in_thresholds or 0.0) if name in judged else 0.0


def _pair(name: str, before: ColumnProfile, now: ColumnProfile, drift: ColumnDrift | None) -> Markup:
    told = _told(before, now, drift)
    about = f"{name}, baseline beside this window: {told}"
    if isinstance(before, NumericProfile) and isinstance(now, NumericProfile):
        chart = number_pair(before, now, label=name, names=SIDES, about=about, width=NARROW, height=190)
    elif isinstance(before, CategoryProfile) and isinstance(now, CategoryProfile):
        names, was, is_ = top_categories(before, now)
        chart = pair_rows(names, was, is_, sides=SIDES, about=about, width=NARROW)
    else:
        raise TypeError(f"profiles of {name!r} are of different kinds")
    return figure(f"{name} – drifted" if drift and drift.status == "drift" else name, chart, note=told)


def _told(before: ColumnProfile, now: ColumnProfile, drift: ColumnDrift | None) -> str:
    parts = []
    if drift is not None and drift.distance is not None:
        parts.append(
            f"{drift.method.replace('_', ' ')} {short(drift.distance)}, limit {short(drift.threshold)}"
        )
    if isinstance(before, NumericProfile) and isinstance(now, NumericProfile) and now.count:
        parts.append(f"mean {short(before.mean)} → {short(now.mean)}")
    was, is_ = (each.missing / each.rows if each.rows else 0.0 for each in (before, now))
    if abs(is_ - was) >= 0.0005:
        parts.append(f"missing {percent(was)} → {percent(is_)}")
    return " · ".join(parts)
