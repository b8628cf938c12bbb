"""What the predictions of a new version looked like beside those of the version before it, and what follows from that.

A guardrail speaks only beyond doubt, because it takes the traffic back at once. A signal speaks by its value: the step is
watched again, and if it says the same whenever it is asked, the release is rolled back, too.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from lambdaloop.domain.metrics import improvement
from lambdaloop.domain.releasing_rules import Behaviour
from lambdaloop.domain.replay import Z_ONE_SIDED
from lambdaloop.domain.version import Comparison

CHANCE = 0.01
"""A difference that chance makes at least so often is none …"""
_Z_CHANCE = 2.3263478740408408
"""… and so many standard deviations away, chance makes it less often."""
_SKILL_MARGIN = 0.1
"""Of ROC AUC, accuracy or R²: what a small holdout adds or takes by chance is less."""
_SKILL_OF_CHANCE = {"roc_auc": 0.5, "roc_auc_ovr": 0.5}
_RELATIVE = frozenset({"rmse", "mae"})
"""Metrics in the unit of the target: their limits are shares of the value of the version before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourFigures:
    """All that was measured in one step; None where it could not be. `champion_…` is the version before."""

    predictions: int
    """Logged predictions of the new version in the step."""
    champion_predictions: int | None = None
    replayed_rows: int | None = None
    """Logged rows that both versions were asked again, one beside the other."""
    replay_failures: int | None = None
    """Rows that the version before answered and the new one did not."""
    champion_replay_failures: int | None = None
    replay_p95_ms: float | None = None
    """Of requests with 20 rows."""
    champion_replay_p95_ms: float | None = None
    disagreement: float | None = None
    disagreement_low: float | None = None
    """Below which it does not lie beyond doubt."""
    expected_disagreement: float | None = None
    """On the holdout of its training; None where that says nothing about this step."""
    expected_disagreement_error: float | None = None
    """Its standard deviation."""
    prediction_drift: float | None = None
    prediction_drift_p: float | None = None
    prediction_drift_error: float | None = None
    expected_prediction_drift: float | None = None
    expected_prediction_drift_error: float | None = None
    training_drift: float | None = None
    """How much its answers are distributed otherwise than its own on the holdout."""
    training_drift_p: float | None = None
    training_drift_error: float | None = None
    invalid_rate: float | None = None
    champion_invalid_rate: float | None = None
    invalid_rate_p: float | None = None
    estimated: float | None = None
    """The training metric as it is expected without labels."""
    champion_estimated: float | None = None
    estimated_error: float | None = None
    """Standard deviation: the holdout that taught the expectation is a sample."""
    champion_estimated_error: float | None = None
    champion_reached: float | None = None
    """The same metric of the version before on the holdout of the new one's training; None where that says nothing."""
    labels: int | None = None
    champion_labels: int | None = None
    performance: float | None = None
    """The training metric on labelled predictions."""
    champion_performance: float | None = None
    performance_drop_low: float | None = None
    """By how much it is worse beyond doubt; negative when it may be better."""
    performance_gain_low: float | None = None
    """By how much it is better beyond doubt; negative when it may be worse."""

    def numbers(self) -> dict[str, float | None]:
        """By name, as a judgement keeps them: without those that were not measured."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the figures say."""

    faults: tuple[str, ...] = ()
    """Guardrails that are broken."""
    doubts: tuple[str, ...] = ()
    """Signals, and evidence that is missing."""


def judge_behaviour(
    rules: Behaviour, figures: BehaviourFigures, *, metric: str, must_be_better: bool
) -> Findings:
    """`must_be_better`: the definition wants proof before the step that follows."""
    faults = [
        *disagreement_faults(rules, figures),
        *_performance_faults(rules, figures, metric),
    ]
    doubts = [
        *_evidence_doubts(rules, figures),
        *_drift_doubts(rules, figures),
        *_invalid_doubts(rules, figures),
        *_estimate_doubts(rules, figures, metric),
        *(_better_doubts(rules, figures, metric) if must_be_better else ()),
    ]
    return Findings(faults=tuple(faults), doubts=tuple(doubts))


def holds_for(
    comparison: Comparison | None,
    *,
    champion: int,
    champion_metrics: Mapping[str, float | None],
    rules: Behaviour,
    training_drift: float | None,
    training_drift_p: float | None,
    training_drift_error: float | None,
) -> Comparison | None:
    """The comparison of the training, if it is a yardstick for this step; else None.

    It is none when the version before is another one; when the new version's answers are distributed otherwise than its own
    on the holdout beyond doubt, because then the holdout was not what is served; or when it had learned nothing: neither as
    much as the version before when that was trained (`champion_metrics`), nor anything that is worth as much on the same
    rows. Else a model of nonsense would be excused by its own training.
    """
    if comparison is None or comparison.champion != champion:
        return None
    certain = None if training_drift is None else training_drift - _Z_CHANCE * (training_drift_error or 0.0)
    if _is_large(certain, training_drift_p, limit=rules.max_prediction_drift):
        return None
    skill, was = comparison.skill, champion_metrics.get(comparison.skill_metric)
    theirs = comparison.champion_skill
    if skill is None:
        return None
    as_good = was is not None and skill >= was - _SKILL_MARGIN
    learned = skill > _SKILL_OF_CHANCE.get(comparison.skill_metric, 0.0) + _SKILL_MARGIN
    no_worse = theirs is not None and learned and skill >= theirs
    return comparison if as_good or no_worse else None


def disagreement_faults(rules: Behaviour, figures: BehaviourFigures) -> list[str]:
    """The guardrail about what both versions say to the same rows."""
    value, low = figures.disagreement, figures.disagreement_low
    if value is None or low is None:
        return []
    limit = rules.max_disagreement + (figures.expected_disagreement or 0.0)
    # Both the rows of this step and those of the holdout are samples.
    certain = value - math.hypot(value - low, Z_ONE_SIDED * (figures.expected_disagreement_error or 0.0))
    if certain <= limit:
        return []
    asked = f"disagrees with the version before about the same {figures.replayed_rows} rows"
    return [
        f"{asked} by {value:.3g} (certainly {certain:.3g}), allowed are {limit:.3g}{_of_training(figures)}"
    ]


def _of_training(figures: BehaviourFigures) -> str:
    expected = figures.expected_disagreement
    return f", {expected:.3g} of them as in training" if expected else ""


def _performance_faults(rules: Behaviour, figures: BehaviourFigures, metric: str) -> list[str]:
    drop = figures.performance_drop_low
    if drop is None or drop <= rules.max_performance_drop:
        return []
    return [
        (
            f"{metric} on {figures.labels} labels is {_shown(figures.performance)}, that of the version before "
            f"{_shown(figures.champion_performance)}: worse by {drop:.3g} beyond doubt, allowed are {rules.max_performance_drop:g}"
        )
    ]


def _evidence_doubts(rules: Behaviour, figures: BehaviourFigures) -> list[str]:
    if figures.predictions >= rules.min_predictions:
        return []
    return [f"{figures.predictions} logged predictions, wanted at least {rules.min_predictions}"]


def _drift_doubts(rules: Behaviour, figures: BehaviourFigures) -> list[str]:
    expected = figures.expected_prediction_drift or 0.0
    limit = rules.max_prediction_drift + expected
    if not _is_large(figures.prediction_drift, figures.prediction_drift_p, limit=limit):
        return []
    # Versions of two kinds differ much, and a large index is measured roughly: what the holdout showed may be as large.
    errors = figures.prediction_drift_error or 0.0, figures.expected_prediction_drift_error or 0.0
    if expected and (figures.prediction_drift or 0.0) - expected <= _Z_CHANCE * math.hypot(*errors):
        return []
    return [
        (
            f"predictions are distributed otherwise than those of the version before: {figures.prediction_drift:.3g}, "
            f"allowed are {limit:.3g}"
        )
    ]


def _invalid_doubts(rules: Behaviour, figures: BehaviourFigures) -> list[str]:
    rate, before = figures.invalid_rate, figures.champion_invalid_rate
    if rate is None or before is None:
        return []
    if not _is_large(rate - before, figures.invalid_rate_p, limit=rules.max_invalid_rate):
        return []
    return [
        f"{rate:.1%} of the rows hold missing, unseen or out-of-range values, {before:.1%} of those of the version before"
    ]


def _estimate_doubts(rules: Behaviour, figures: BehaviourFigures, metric: str) -> list[str]:
    value, before = figures.estimated, figures.champion_estimated
    if value is None or before is None:
        return []
    # An estimate knows nothing of a world in which the same rows have other outcomes: what was reached there counts.
    if figures.champion_reached is not None and worse_by(metric, figures.champion_reached, before) > 0:
        before = figures.champion_reached
    drop = worse_by(metric, value, before)
    errors = figures.estimated_error or 0.0, figures.champion_estimated_error or 0.0
    chance = _Z_CHANCE * math.hypot(*errors) / scale_of(metric, before)
    if drop <= max(rules.max_estimated_drop, chance):
        return []
    return [
        (
            f"{metric} is estimated to be {value:.3g}, that of the version before {before:.3g}: worse by {drop:.3g}, "
            f"allowed are {rules.max_estimated_drop:g}"
        )
    ]


def _better_doubts(rules: Behaviour, figures: BehaviourFigures, metric: str) -> list[str]:
    gain = figures.performance_gain_low
    if gain is None:
        have = f"{figures.labels or 0} and {figures.champion_labels or 0} labelled predictions"
        return [f"not shown to be better: {have}, wanted at least {rules.min_labels} of each version"]
    if gain > 0:
        return []
    return [
        (
            f"not shown to be better: {metric} is {_shown(figures.performance)}, that of the version before "
            f"{_shown(figures.champion_performance)}"
        )
    ]


def worse_by(metric: str, value: float, before: float) -> float:
    """How much worse a metric is than that of the version before; for rmse and mae as a share of the latter.

    >>> worse_by("rmse", 55.0, 50.0)
    0.1
    """
    return -improvement(metric, value, over=before) / scale_of(metric, before)


def scale_of(metric: str, before: float) -> float:
    """What a difference in the metric is divided by.

    >>> scale_of("roc_auc", 0.8)
    1.0
    """
    return abs(before) if metric in _RELATIVE and before else 1.0


def _is_large(value: float | None, p_value: float | None, *, limit: float) -> bool:
    return value is not None and value > limit and (p_value is None or p_value < CHANCE)


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"
