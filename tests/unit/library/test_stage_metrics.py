"""A function of a stage writes and reads that stage's metrics: those of another deployment have the same names and models."""

import io
import json

import pytest

from lambdaloop import telemetry
from lambdaloop.adapters.emf_figures import write_figures
from lambdaloop.adapters.emf_request_metrics import EmfRequestMetrics
from tests.fakes.clock import FakeClock


def _namespaces(stream: io.StringIO) -> set[str]:
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    return {each["Namespace"] for line in lines for each in line["_aws"]["CloudWatchMetrics"]}


@pytest.mark.parametrize(("stage", "namespace"), [(None, "Lambdaloop"), ("dev", "Lambdaloop/dev")])
def test_metrics_go_into_the_namespace_of_the_stage(
    stage: str | None, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAMBDALOOP_STAGE", raising=False)
    if stage:
        monkeypatch.setenv("LAMBDALOOP_STAGE", stage)
    assert telemetry.namespace() == namespace
    stream, clock = io.StringIO(), FakeClock()
    write_figures({telemetry.DRIFT_SHARE: 0.5}, model="churn", at=clock.now(), stream=stream)
    metrics = EmfRequestMetrics(model="churn", clock=clock, stream=stream)
    metrics.record(release=1, predictions=1, status=200, seconds=0.1)
    metrics.record(release=1, predictions=0, status=422, seconds=0.1)
    assert _namespaces(stream) == {namespace}
