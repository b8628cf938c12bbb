"""The model definition of the closed-loop demo: the inferred one, watched daily and trained again when it should be."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from lambdaloop.definition_schema import parse_definition
from lambdaloop.domain.definition import Feature, ModelDefinition
from lambdaloop.domain.definition_text import render_yaml
from lambdaloop.domain.schema_inference import Inference, infer_definition
from scripts.cli.demo_stream import Stream
from scripts.cli.init import model_name

DAY_HOURS = 24
BAKE_HOURS = 12
"""Half a day: the replay sends rows in the middle of each half."""
_ROWS_IN_WINDOW = 300
_MIN_LABELS = 100


def write_stream_definition(stream: Stream, *, entity: str | None, models: Path) -> ModelDefinition:
    """Infer the definition of a stream, add how it is watched and trained again, and write it below `models`.

    What columns there are, and of which types, is known from the start; what they hold only from the training data.
    """
    name = model_name(stream.whole)
    whole = infer_definition(stream.whole.read_bytes(), name=name, target=stream.target, entity=entity)
    first = infer_definition(stream.training.read_bytes(), name=name, target=stream.target, entity=entity)
    features = {
        column: _known_at_first(feature, first.definition.features.get(column))
        for column, feature in whole.definition.features.items()
    }
    definition = replace(first.definition, features=features, classes=whole.definition.classes)
    drafted = Inference(definition=definition, left_out=whole.left_out, rows=first.rows)
    document = yaml.safe_load(render_yaml(drafted)) | _sections(definition, stream)
    path = models / f"{name}.yaml"
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    written = parse_definition(text, source=str(path))
    models.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return written


def _known_at_first(whole: Feature, first: Feature | None) -> Feature:
    """The whole stream's type, with the training data's range or categories, where these had any."""
    if first is None or first.type != whole.type:
        return replace(whole, min=None, max=None)
    return replace(first, nullable=whole.nullable)


_LONG_DAYS = 365
_LONG_METRIC = {"binary": "accuracy", "multiclass": "accuracy", "regression": "rmse"}
_LONG_RETRAINING = {
    "on": ["drift", "performance", "schedule"],
    "every_days": 14,
    "windows": [2, 3],
    "min_new_labels": 500,
    "cooldown_hours": 14 * DAY_HOURS
    - DAY_HOURS // 2,  # so that the watch of the fourteenth day finds it over
    "cooldown_doublings": 0,
    "max_per_week": 1,
    "budget_hours_per_month": 10,
    "window_days": 60,
    "original_weight": 1.0,
    "holdout": 0.2,
}
"""For streams of a year and more: measured on the electricity market (decision 8). What the first months taught stays true
longer than what any later two months teach, and a model that is nearly as good on the newest rows is better tomorrow."""


def _candidates(definition: ModelDefinition, *, long: bool) -> list[dict[str, Any]]:
    """A model that learns from a few weeks must not learn them by heart: a linear one and small trees. Years can take more."""
    if long:
        return [
            {"name": "boosting", "estimator": "hist_gradient_boosting"},
            {"name": "forest", "estimator": "random_forest"},
        ]
    linear = "ridge" if definition.task == "regression" else "logistic_regression"
    return [
        {"name": "linear", "estimator": linear},
        {
            "name": "small-boosting",
            "estimator": "hist_gradient_boosting",
            "parameters": {"max_iter": 50, "max_leaf_nodes": 8, "min_samples_leaf": 50},
        },
    ]


def _sections(definition: ModelDefinition, stream: Stream) -> dict[str, Any]:
    """How a daily watched stream is trained, released, watched and trained again.

    The shorter the replay, the shorter its memory and its pauses: a stream of two years is trained on its last 90 days and
    at most every other week, one of three months on its last 30 days and at most every sixth day.
    """
    days, rows = stream.days, stream.rows_per_day
    window_days = min(14, max(3, -(-_ROWS_IN_WINDOW // rows)))
    memory_days = min(90, max(14, days // 3))
    long = days > _LONG_DAYS
    return {
        "training": {
            "metric": _LONG_METRIC[definition.task] if long else definition.training.metric,
            "candidates": _candidates(definition, long=long),
            "folds": 3,
            "split": "time",
        },
        "release": {
            "steps": [50, 100],
            "bake_seconds": BAKE_HOURS * 3600,
            "min_requests": 4,
            "max_holds": 4,
            "max_p95_latency_ms": 5000,
        },
        "serving": {"capture": list(definition.features)},
        "monitoring": {
            "every_hours": DAY_HOURS,
            "window_hours": window_days * DAY_HOURS,
            "performance_hours": 2 * window_days * DAY_HOURS,
            "min_rows": _ROWS_IN_WINDOW // 2,
            "min_labels": _MIN_LABELS,
            "max_performance_drop": 0.03,
            "alarm_windows": [2, 3],
        },
        **({"gate": {"max_drop": 0.02}} if long and definition.task != "regression" else {}),
        "retraining": _LONG_RETRAINING
        if long
        else {
            "on": ["drift", "performance"],
            "windows": [2, 3],
            # Fewer could not be split into some to learn from and some to compare on.
            "min_new_labels": max(2 * rows, _MIN_LABELS * 5 // 2),
            "cooldown_hours": min(14, max(3, days // 15)) * DAY_HOURS,
            "max_per_week": 2,
            "budget_hours_per_month": 10,
            "window_days": memory_days,
            "half_life_days": memory_days / 3,
            "original_weight": 0,
            "holdout": 0.2,
        },
    }
