"""A window's profile against the baseline: how far each column went, and whether the data as a whole have drifted.

A column has drifted when chance does not explain the difference (over all columns, with the rate of false discoveries
controlled), and the difference is large enough to matter, and there were enough rows. So ten million rows do not cry wolf
over a thousandth, nor do forty rows over noise.
"""

from collections.abc import Mapping
from dataclasses import replace

from lambdaloop.domain.monitoring_rules import FeatureRule, Monitoring
from lambdaloop.domain.profile import ColumnProfile, Profile
from lambdaloop.domain.window import ColumnDrift, DriftReport, DriftStatus
from lambdaloop.monitoring.column_drift import DEFAULT_METHOD, DEFAULT_THRESHOLDS, measure
from lambdaloop.monitoring.data_quality import find_problems
from lambdaloop.monitoring.false_discovery import adjusted_p_values

_DECIMALS = 12
"""Of a share: sums of weights are a little off, and whoever compares it with the limit shall find the same."""

_Key = tuple[str, str]
"""Which part of the profile, and the column's name there."""


def compare(current: Profile, baseline: Profile, rules: Monitoring) -> DriftReport:
    """Judge the features of `current`, its predictions, scores and reconstruction errors against the baseline's.

    `current` must have been profiled like the baseline: ValueError or KeyError otherwise. A data quality problem is told,
    but is no drift by itself: the distance, for which missing and unseen values are cells, decides about that.
    """
    columns = _columns(current)
    judged = _judge(columns, _columns(baseline), rules)
    problems = find_problems(
        current.features, baseline.features, min_rows=rules.min_rows, significance=rules.significance
    )
    features = {
        name: replace(judged["feature", name], problem=problems.get(name)) for name in current.features
    }
    multivariate = judged.get(("multivariate", ""))
    share = _drift_share(features)
    return DriftReport(
        status=_status(share, multivariate, rules),
        rows=current.rows,
        share=share,
        features=features,
        predictions={name: each for (part, name), each in judged.items() if part == "prediction"},
        multivariate=multivariate,
    )


def _columns(profile: Profile) -> Mapping[_Key, ColumnProfile]:
    columns: dict[_Key, ColumnProfile] = {("feature", name): each for name, each in profile.features.items()}
    columns["prediction", "prediction"] = profile.prediction
    columns |= {("prediction", f"score {label}"): each for label, each in profile.scores.items()}
    if profile.reconstruction:
        columns["multivariate", ""] = profile.reconstruction
    return columns


def _judge(
    current: Mapping[_Key, ColumnProfile], baseline: Mapping[_Key, ColumnProfile], rules: Monitoring
) -> dict[_Key, ColumnDrift]:
    """Every column; all of them are one family of tests."""
    drifts: dict[_Key, ColumnDrift] = {}
    for key, column in current.items():
        part, name = key
        rule = rules.rule(name) if part == "feature" else FeatureRule()
        method = rule.method or DEFAULT_METHOD
        measured = measure(column, baseline[key], method=method, min_rows=rules.min_rows)
        drifts[key] = ColumnDrift(
            status="ok" if measured else "insufficient_data",
            method=method,
            distance=measured.distance if measured else None,
            threshold=rule.threshold or DEFAULT_THRESHOLDS[method],
            p_value=measured.p_value if measured else None,
            weight=rule.weight,
        )
    p_values = {key: each.p_value for key, each in drifts.items() if each.p_value is not None}
    for key, adjusted in zip(p_values, adjusted_p_values(list(p_values.values())), strict=True):
        drift = drifts[key]
        far = drift.distance is not None and drift.distance >= drift.threshold
        drifts[key] = replace(
            drift,
            status="drift" if far and adjusted <= rules.significance else "ok",
            adjusted_p_value=adjusted,
        )
    return drifts


def _drift_share(features: Mapping[str, ColumnDrift]) -> float | None:
    """By weight, among the features with enough data; None when these weigh nothing."""
    judged = [each for each in features.values() if each.status != "insufficient_data"]
    total = sum(each.weight for each in judged)
    drifted = sum(each.weight for each in judged if each.status == "drift")
    return round(drifted / total, _DECIMALS) if total else None


def _status(share: float | None, multivariate: ColumnDrift | None, rules: Monitoring) -> DriftStatus:
    if multivariate and multivariate.status == "drift":
        return "drift"
    if share is None:
        return "insufficient_data"
    return "drift" if share >= rules.drift_share else "ok"
