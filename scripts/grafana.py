"""Dashboards for Grafana's CloudWatch data source, from the same panels: `python -m scripts.grafana` writes docs/grafana/."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra.metrics import MetricSpec, ModelNames, Panel
from infra.panels import model_panels, platform_panels
from lambdaloop.domain.stage import ONLY
from lambdaloop.telemetry import NAMESPACE, feature_dimension

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "grafana"
_SOURCE = {"type": "cloudwatch", "uid": "${datasource}"}
_WIDTH, _HEIGHT = 12, 8
_SCHEMA_VERSION = 38
"""Of Grafana 10; later ones read it and bring it up to date."""
_NAMES = ModelNames(
    model="$model",
    inference_function="$function",
    training_workflow="$training",
    release_workflow="$release",
    watch_workflow="$watch",
    capture_stream="$stream",
)
_NAMESPACE = "${namespace}"
_EVERY = "*"
"""Grafana draws one line for each value of a dimension that is this."""

_EVERY_FEATURE = feature_dimension(_EVERY)


def dashboards() -> dict[str, dict[str, Any]]:
    """By file name."""
    return {
        "lambdaloop-model.json": _dashboard(
            "lambdaloop-model",
            "Lambdaloop: one model",
            model_panels(_NAMES, features=[_EVERY]),
            [
                _typed(
                    "stack",
                    "what names of its stacks begin with: LambdaloopDev of stage dev",
                    ONLY.platform_stack,
                ),
                _found("model", _NAMESPACE, "model_predictions_total", "Model"),
                _found(
                    "function",
                    "AWS/Lambda",
                    "Invocations",
                    "FunctionName",
                    only="/^${stack}-${model}-Serving/",
                ),
                _found(
                    "stream",
                    "AWS/Firehose",
                    "DeliveryToS3.DataFreshness",
                    "DeliveryStreamName",
                    only="/^${stack}-${model}-/",
                ),
                _typed("training", "Training workflow (ARN): output TrainingWorkflow of the model's stack"),
                _typed("release", "Release workflow (ARN): output ReleaseWorkflow"),
                _typed("watch", "Watch workflow (ARN): output WatchWorkflow"),
            ],
        ),
        "lambdaloop-platform.json": _dashboard(
            "lambdaloop-platform",
            "Lambdaloop: all models",
            [panel for panel in platform_panels([_EVERY], queues=()) if panel.metrics],
            [],
        ),
    }


def _dashboard(
    uid: str, title: str, panels: Sequence[Panel], variables: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "uid": uid,
        "title": title,
        "description": "Made from the metrics that the alarms watch: python -m scripts.grafana",
        "tags": ["lambdaloop"],
        "timezone": "utc",
        "editable": True,
        "schemaVersion": _SCHEMA_VERSION,
        "refresh": "5m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [_data_source(), _region(), _namespace(), *variables]},
        "annotations": {"list": []},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"value": None, "color": "green"}]
    steps += [{"value": limit.value, "color": "red"} for limit in panel.limits]
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {
            "x": _WIDTH * (number % 2),
            "y": _HEIGHT * (number // 2),
            "w": _WIDTH,
            "h": _HEIGHT,
        },
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                **({} if panel.least is None else {"min": panel.least}),
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": {"thresholdsStyle": {"mode": "line" if panel.limits else "off"}},
            },
            "overrides": [],
        },
        "targets": [_target(place, spec) for place, spec in enumerate(panel.metrics)],
    }


def _target(place: int, spec: MetricSpec) -> dict[str, Any]:
    dimensions = {
        name: _EVERY if value == _EVERY_FEATURE else value for name, value in spec.dimensions.items()
    }
    wild = [name for name, value in dimensions.items() if value == _EVERY]
    return {
        "refId": chr(ord("A") + place),
        "datasource": _SOURCE,
        "queryMode": "Metrics",
        "metricQueryType": 0,
        "metricEditorMode": 0,
        "id": "",
        "region": "${region}",
        "namespace": _NAMESPACE if spec.namespace == NAMESPACE else spec.namespace,
        "metricName": spec.name,
        "dimensions": {name: [value] for name, value in dimensions.items()},
        "matchExact": True,
        "statistic": spec.statistic,
        "period": str(spec.period_seconds),
        "label": f"${{PROP('Dim.{wild[0]}')}}" if wild else spec.label,
        "expression": "",
    }


def _data_source() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "cloudwatch",
        "refresh": 1,
    }


def _region() -> dict[str, Any]:
    return _query("region", {"queryType": "regions", "refId": "region"}) | {"label": "Region"}


def _namespace() -> dict[str, Any]:
    return _typed("namespace", "where the product's metrics are: Lambdaloop/dev of stage dev", NAMESPACE)


def _found(name: str, namespace: str, metric: str, dimension: str, *, only: str = "") -> dict[str, Any]:
    """A variable that knows its values from CloudWatch."""
    query = {
        "queryType": "dimensionValues",
        "refId": name,
        "region": "${region}",
        "namespace": namespace,
        "metricName": metric,
        "dimensionKey": dimension,
    }
    return _query(name, query) | {"regex": only}


def _query(name: str, query: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": _SOURCE,
        "query": query,
        "refresh": 1,
        "sort": 1,
    }


def _typed(name: str, says: str, value: str = "") -> dict[str, Any]:
    """A variable that somebody fills in: names of state machines do not say whose they are, nor metrics which stage it is."""
    return {
        "name": name,
        "label": name.capitalize(),
        "description": says,
        "type": "textbox",
        "query": value,
        "current": {"text": value, "value": value},
    }


def main(arguments: list[str]) -> int:
    """Write the dashboards, or with --check say whether they are up to date."""
    parser = argparse.ArgumentParser(prog="python -m scripts.grafana", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is out of date")
    check: bool = parser.parse_args(arguments).check
    texts = {FOLDER / name: json.dumps(each, indent=2) + "\n" for name, each in dashboards().items()}
    stale = [path for path, text in texts.items() if not path.is_file() or path.read_text("utf-8") != text]
    if check and stale:
        names = ", ".join(f"docs/grafana/{path.name}" for path in stale)
        print(f"{names}: out of date: run `.venv/bin/python -m scripts.grafana`", file=sys.stderr)
        return 1
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(texts[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
