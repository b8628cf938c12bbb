"""Writes a drafted definition as commented YAML, the way a person would."""

import re
from collections.abc import Iterable

from lambdaloop.domain.definition import Feature, ModelDefinition
from lambdaloop.domain.metrics import METRICS_OF_TASK, greater_is_better
from lambdaloop.domain.schema_inference import Inference

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*( [A-Za-z0-9_-]+)*")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan", "inf"})


def render_yaml(inference: Inference) -> str:
    """The text of `models/NAME.yaml`; `load_definition` reads the same definition from it."""
    definition = inference.definition
    lines = [
        "# yaml-language-server: $schema=schema.json",
        f"# Drafted from {inference.rows} rows. Read it, correct it, keep it under version control.",
        f"name: {_scalar(definition.name)}",
        f"task: {definition.task}",
        f"target: {_scalar(definition.target)}",
        *_classes(definition),
        *_entity(definition),
        "",
        "data:",
        "  # Every .csv, .parquet, .jsonl or .ndjson object below this prefix of the data bucket is training data.",
        f"  location: {_scalar(definition.data.location)}",
        "",
        "# min, max and categories are what the file holds. A value beyond them is answered and counted as drift;",
        "# with `unexpected: reject` it gets a 422 instead.",
        "features:",
        *(f"  {_scalar(name)}: {_feature(feature)}" for name, feature in definition.features.items()),
        *(f"  # left out: {_scalar(name)} {_one_line(why)}" for name, why in inference.left_out.items()),
        "",
        *_training(definition),
        "",
        *_gate(definition),
        "",
        *_release(definition),
        "",
        *_serving(definition),
        "",
        *_monitoring(definition),
        "",
        *_retraining(definition),
        "",
        "# Features that are looked up by entity where a request leaves them out, each with the value where nothing is stored.",
        "# online: {event_time: COLUMN, groups: {NAME: {ttl: 30d, features: {FEATURE: DEFAULT}}}}",
    ]
    return "\n".join(lines) + "\n"


def _classes(definition: ModelDefinition) -> list[str]:
    if not definition.classes:
        return []
    comment = "  # the second one is the positive class" if definition.task == "binary" else ""
    return [f"classes: {_list(definition.classes)}{comment}"]


def _entity(definition: ModelDefinition) -> list[str]:
    if definition.entity is None:
        return ["# entity: COLUMN  # who a row is about; keeps all its rows on one side of the holdout"]
    return [f"entity: {_scalar(definition.entity)}  # who a row is about; never a feature"]


def _feature(feature: Feature) -> str:
    parts = [f"type: {feature.type}"]
    if feature.nullable:
        parts.append("nullable: true")
    if feature.min is not None:
        parts.append(f"min: {_scalar(feature.min)}")
    if feature.max is not None:
        parts.append(f"max: {_scalar(feature.max)}")
    if feature.categories:
        parts.append(f"categories: {_list(feature.categories)}")
    return "{" + ", ".join(parts) + "}"


def _training(definition: ModelDefinition) -> list[str]:
    training = definition.training
    return [
        "training:",
        f"  metric: {training.metric}  # chooses the winner; one of {', '.join(METRICS_OF_TASK[definition.task])}",
        "  candidates:",
        *(f"    - {{name: {_scalar(c.name)}, estimator: {c.estimator}}}" for c in training.candidates),
        f"  folds: {training.folds}",
        f"  holdout: {training.holdout}  # fraction that training never sees",
        f"  split: {training.split}  # time: the last rows instead, for data in time order",
        f"  seed: {training.seed}",
    ]


def _gate(definition: ModelDefinition) -> list[str]:
    metric = definition.training.metric
    word = "at least" if greater_is_better(metric) else "at most"
    return [
        "gate:",
        f"  # minimum: {{{metric}: …}}  # {word} this on the holdout",
        f"  max_drop: {_scalar(definition.gate.max_drop)}  # how much worse than the champion {metric} may be",
    ]


def _release(definition: ModelDefinition) -> list[str]:
    release = definition.release
    return [
        "release:",
        f"  automatic: {_scalar(release.automatic)}  # release what passed the gate at once",
        f"  steps: {_list(step.percent for step in release.plan)}  # percent of the traffic",
        f"  bake_seconds: {release.bake_seconds}",
        f"  min_requests: {release.min_requests}",
        "  # behaviour: {require: better}  # goes on to all traffic only if it is shown to be better beyond doubt",
        "  # shadow: {share: 0.5, seconds: 3600}  # first copies of live requests, whose answers nobody gets; needs all features in serving.capture",
        "  # approval: {expires_hours: 24}  # then a yes of somebody else than who asked; silence is a no",
        f"  # Versions side by side, until their outcomes say which one stays: `lambdaloop experiment start {definition.name}`",
    ]


def _serving(definition: ModelDefinition) -> list[str]:
    serving = definition.serving
    return [
        "serving:",
        f"  authorization: {serving.authorization}  # iam: signed requests; jwt; api_key; open: anybody",
        f"  memory_mib: {serving.memory_mib}",
        "  # What may be written to the prediction log, where drift is measured and rows for retraining come from.",
        "  # Strike what must not be kept.",
        *(
            ["  capture:", *(f"    - {_scalar(name)}" for name in serving.capture)]
            if serving.capture
            else ["  capture: []"]
        ),
        f"  capture_rate: {_scalar(serving.capture_rate)}  # share of the predictions that are written there",
    ]


def _monitoring(definition: ModelDefinition) -> list[str]:
    monitoring, metric = definition.monitoring, definition.training.metric
    return [
        "# Live data are held against those that trained the model, and predictions against labels as these arrive.",
        "monitoring:",
        f"  every_hours: {monitoring.every_hours}",
        f"  window_hours: {monitoring.window_hours}  # how far back data are compared",
        f"  min_rows: {monitoring.min_rows}  # fewer are insufficient data, never drift",
        f"  drift_share: {_scalar(monitoring.drift_share)}  # weighted share of drifted features at which the data have drifted",
        f"  max_performance_drop: {_scalar(monitoring.max_performance_drop)}  # how much worse than on the holdout {metric} may be",
        "  # max_label_delay_hours: 48  # when labels are late",
        "  # features: {NAME: {weight: 3, threshold: 0.2, alarm: true}}  # those that matter more",
        "  # segments: [NAME]  # counted separately for each value of a category or boolean feature",
    ]


def _retraining(definition: ModelDefinition) -> list[str]:
    retraining = definition.retraining
    return [
        "# A training starts by itself when one of these says so, the limits allow it, and is released if it is better.",
        "retraining:",
        f"  on: {_list(retraining.on)}  # also data: new files; schedule: with every_days; [] leaves it to people",
        f"  min_new_labels: {retraining.min_new_labels}  # labels that must have come since the last training",
        f"  cooldown_hours: {retraining.cooldown_hours}  # between two trainings",
        f"  max_per_week: {retraining.max_per_week}",
        "  # window_days: 90  # captured rows older than that are not trained on",
        "  # half_life_days: 30  # the age at which a captured row counts half",
    ]


def _list(values: Iterable[str | float | bool]) -> str:
    return "[" + ", ".join(map(_scalar, values)) + "]"


def _scalar(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _YAML_WORDS:
            return value
        return '"' + "".join(map(_quoted, value)) + '"'
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = repr(float(value))
    return text if "." in text or "e" not in text else text.replace("e", ".0e")  # YAML 1.1 wants the point


def _quoted(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
