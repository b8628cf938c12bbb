import io
import json
from typing import Any

import pytest

from lambdaloop.adapters.emf_request_metrics import EmfRequestMetrics
from lambdaloop.adapters.stdout_prediction_log import StdoutPredictionLog
from tests.fakes.clock import FakeClock


def _metrics(**request: Any) -> dict[str, Any]:
    stream = io.StringIO()
    defaults: dict[str, Any] = {"release": 3, "predictions": 2, "status": 200, "seconds": 0.25}
    EmfRequestMetrics(model="churn", clock=FakeClock(), stream=stream).record(**{**defaults, **request})
    line: dict[str, Any] = json.loads(stream.getvalue())
    return line


def test_a_prediction_is_one_line_whatever_its_text_holds() -> None:
    stream = io.StringIO()
    StdoutPredictionLog(stream).write({"plan": "a\nb\u2028c\ud800"})
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().isascii()
    assert json.loads(stream.getvalue()) == {"plan": "a\nb\u2028c\ud800"}


def test_without_a_stream_of_its_own_lines_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    StdoutPredictionLog().write({"a": 1})
    assert capsys.readouterr().out == '{"a":1}\n'


class BrokenPipe(io.StringIO):
    def write(self, text: str, /) -> int:
        raise BrokenPipeError(text)


def test_a_log_that_is_broken_or_closed_loses_the_line_and_nothing_else() -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (closed, BrokenPipe()):
        StdoutPredictionLog(stream).write({"a": 1})
        EmfRequestMetrics(model="churn", clock=FakeClock(), stream=stream).record(
            release=1, predictions=1, status=200, seconds=0.1
        )


def test_metrics_are_by_model_and_by_model_and_release() -> None:
    line = _metrics()
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Lambdaloop"
    assert directive["Dimensions"] == [["Model"], ["Model", "Release"]]
    assert (line["Model"], line["Release"]) == ("churn", "3")
    assert line["_aws"]["Timestamp"] == int(FakeClock().now().timestamp() * 1000)


def test_every_metric_that_is_declared_has_a_value() -> None:
    for status in (200, 422, 503):
        line = _metrics(status=status)
        names = [metric["Name"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
        assert {name: type(line[name]) in (int, float) for name in names} == dict.fromkeys(names, True)


@pytest.mark.parametrize(
    ("status", "request_errors", "server_errors"),
    [(200, 0, 0), (404, 1, 0), (422, 1, 0), (500, 1, 1), (503, 1, 1)],
)
def test_errors_are_counted_and_their_absence_too(
    status: int, request_errors: int, server_errors: int
) -> None:
    line = _metrics(status=status)
    assert line["model_request_errors_total"] == request_errors
    assert line["model_server_errors_total"] == server_errors


def test_latency_is_that_of_answered_requests_only() -> None:
    assert _metrics()["model_prediction_latency_seconds"] == 0.25
    assert "model_prediction_latency_seconds" not in json.dumps(_metrics(status=422))


def test_before_the_first_release_there_is_no_release_dimension() -> None:
    line = _metrics(release=None, status=503)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Model"]]
    assert "Release" not in line
