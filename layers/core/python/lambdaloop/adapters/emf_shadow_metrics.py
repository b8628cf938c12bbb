"""What the shadow stage showed as CloudWatch's embedded metric format: lines of its log, which CloudWatch reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import TextIO

from lambdaloop import telemetry
from lambdaloop.adapters.emf_figures import write_figures
from lambdaloop.domain.shadowing import SegmentFigures, ShadowFigures

_UNITS = {
    telemetry.SHADOW_COPIES: "Count",
    telemetry.SHADOW_FAILURES: "Count",
    telemetry.SHADOW_LATENCY_P50: "Milliseconds",
    telemetry.SHADOW_LATENCY_P95: "Milliseconds",
}


class EmfShadowMetrics:
    """The port ShadowMetrics: one line for the model, and one for each segment."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def record(self, model: str, figures: ShadowFigures, *, at: datetime) -> None:
        """Tell the figures of one slice of time; what has no value is left out."""
        self._write(model, figures, {}, at)
        for name, part in figures.segments.items():
            self._write(model, part, {telemetry.SEGMENT: telemetry.feature_dimension(name)}, at)

    def _write(
        self, model: str, figures: ShadowFigures | SegmentFigures, dimensions: Mapping[str, str], at: datetime
    ) -> None:
        write_figures(
            {
                telemetry.SHADOW_COPIES: figures.copies,
                telemetry.SHADOW_FAILURES: figures.failures,
                telemetry.SHADOW_DISAGREEMENT: figures.disagreement,
                telemetry.SHADOW_LATENCY_P50: figures.p50_latency_ms,
                telemetry.SHADOW_LATENCY_P95: figures.p95_latency_ms,
            },
            model=model,
            at=at,
            stream=self._stream,
            dimensions=dimensions,
            units=_UNITS,
        )
