"""Figures of a model in CloudWatch's embedded metric format: one line of a function's log, which CloudWatch reads."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.log_lines import write_line


def write_figures(
    figures: Mapping[str, float | None],
    *,
    model: str,
    at: datetime,
    stream: TextIO | None,
    dimensions: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    told: Mapping[str, Any] | None = None,
) -> None:
    """By metric; one that is None or not finite is left out, and without any there is no line.

    dimensions: beside the model. units: by metric, where it has one. told: what else the line says, for people.
    """
    known = {name: value for name, value in figures.items() if value is not None and math.isfinite(value)}
    if not known:
        return
    named, unit_of = dimensions or {}, units or {}
    line = {
        "_aws": {
            "Timestamp": int(at.timestamp() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": telemetry.namespace(),
                    "Dimensions": [[telemetry.MODEL, *named]],
                    "Metrics": [{"Name": name, "Unit": unit_of.get(name, "None")} for name in known],
                }
            ],
        },
        telemetry.MODEL: model,
        **named,
        **(told or {}),
        **known,
    }
    write_line(line, stream)
