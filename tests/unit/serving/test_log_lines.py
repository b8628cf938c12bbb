import io
import json
from typing import Any, TextIO

import pytest

from lambdaloop.adapters.emf_request_metrics import EmfRequestMetrics
from lambdaloop.adapters.stdout_prediction_log import StdoutPredictionLog
from lambdaloop.domain.capture import MAX_LINE_BYTES, MAX_TEXT
from tests.fakes.clock import FakeClock

LOG_EVENT_BYTES = 256 * 1024 - 26


def _metrics(**request: Any) -> dict[str, Any]:
    stream = io.StringIO()
    defaults: dict[str, Any] = {"release": 3, "predictions": 2, "status": 200, "seconds": 0.25}
    EmfRequestMetrics(model="churn", clock=FakeClock(), stream=stream).record(**{**defaults, **request})
    line: dict[str, Any] = json.loads(stream.getvalue())
    return line


def prediction_log(stream: TextIO | None) -> StdoutPredictionLog:
    return StdoutPredictionLog(model="churn", clock=FakeClock(), stream=stream)


def test_a_prediction_is_one_line_whatever_its_text_holds() -> None:
    stream = io.StringIO()
    prediction_log(stream).write({"plan": "a\nb\u2028c\ud800"})
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().isascii()
    assert json.loads(stream.getvalue()) == {"plan": "a\nb\u2028c\ud800"}


def test_without_a_stream_of_its_own_lines_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    prediction_log(None).write({"a": 1})
    assert capsys.readouterr().out == '{"a":1}\n'


class BrokenPipe(io.StringIO):
    def write(self, text: str, /) -> int:
        raise BrokenPipeError(text)


def test_a_log_that_is_broken_or_closed_loses_the_line_and_nothing_else() -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (closed, BrokenPipe()):
        prediction_log(stream).write({"a": 1})
        EmfRequestMetrics(model="churn", clock=FakeClock(), stream=stream).record(
            release=1, predictions=1, status=200, seconds=0.1
        )


class FlakyStream(io.StringIO):
    """Breaks while it is told to."""

    broken = True

    def write(self, text: str, /) -> int:
        if self.broken:
            raise BrokenPipeError(text)
        return super().write(text)


def test_lost_lines_are_counted_and_told_once_as_soon_as_the_log_works_again() -> None:
    stream = FlakyStream()
    log = prediction_log(stream)
    for number in range(3):
        log.write({"n": number})
    stream.broken = False
    for number in range(3, 5):
        log.write({"n": number})
    first, report, second = map(json.loads, stream.getvalue().splitlines())
    assert (first, second) == ({"n": 3}, {"n": 4})
    assert (report["Model"], report["model_capture_lost_total"]) == ("churn", 3)
    [directive] = report["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Lambdaloop"
    assert directive["Metrics"] == [{"Name": "model_capture_lost_total", "Unit": "Count"}]


def test_a_line_longer_than_a_log_event_loses_its_features_and_no_more() -> None:
    stream = io.StringIO()
    line = {
        "kind": "prediction",
        "features": {f"f{n}": "\U0001f600" * MAX_TEXT for n in range(500)},
        "prediction": 1,
    }
    prediction_log(stream).write(line)
    assert len(stream.getvalue()) <= LOG_EVENT_BYTES
    assert json.loads(stream.getvalue()) == {
        "kind": "prediction",
        "features": {},
        "prediction": 1,
        "features_dropped": True,
    }


def test_the_longest_line_that_keeps_its_features_fits_into_a_log_event() -> None:
    stream = io.StringIO()
    room = MAX_LINE_BYTES - len('{"features":{"a":""}}')
    for length in (room, room + 1):
        prediction_log(stream).write({"features": {"a": "x" * length}})
    kept, dropped = stream.getvalue().splitlines()
    assert len(kept) == MAX_LINE_BYTES < LOG_EVENT_BYTES
    assert json.loads(dropped)["features_dropped"]


def test_what_is_too_long_even_so_is_lost_and_counted() -> None:
    stream = io.StringIO()
    log = prediction_log(stream)
    log.write({"features": {}, "probabilities": {"x" * 300_000: 1.0}})
    assert stream.getvalue() == ""
    log.write({"a": 1})
    assert json.loads(stream.getvalue().splitlines()[1])["model_capture_lost_total"] == 1


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


def test_a_request_that_is_refused_for_its_rows_is_counted_once_and_others_do_not_mention_it() -> None:
    line = _metrics(status=422)
    declared = [
        (directive["Dimensions"], metric["Name"])
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
        if metric["Name"] == "model_invalid_requests_total"
    ]
    assert declared == [([["Model"]], "model_invalid_requests_total")]
    assert line["model_invalid_requests_total"] == 1
    for status in (200, 404, 503):
        assert "model_invalid_requests_total" not in json.dumps(_metrics(status=status))
