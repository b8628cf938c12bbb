"""Runs are told to an MLflow server once, whole, and never at the cost of a training."""

import io
import json
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from functions.log_run.handler import handle
from lambdaloop.adapters.emf_tracking_metrics import EmfTrackingMetrics
from lambdaloop.adapters.mlflow_api import MlflowApi
from lambdaloop.adapters.mlflow_tracker import PATIENCE_SECONDS, MlflowTracker
from lambdaloop.bootstrap import App
from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.search_space import Range
from lambdaloop.domain.tracking_rules import Tracking
from tests.fakes.artifacts import InMemoryArtifactStore
from tests.fakes.clock import FakeClock
from tests.fakes.mlflow_server import MlflowServer, serve_mlflow
from tests.unit.training.sample_data import candidate, definition

pytestmark = pytest.mark.localcloud  # for the socket

SEARCH = Candidate(
    name="tree",
    estimator="decision_tree",
    search={"max_depth": Range(type="int", low=1, high=6)},
    trials=2,
)
MODEL = definition(training={"candidates": (candidate("naive_bayes"), SEARCH)})


@pytest.fixture
def server() -> Iterator[MlflowServer]:
    with serve_mlflow() as running:
        yield running


class Desk:
    """The function with a server, a bucket and a clock."""

    def __init__(
        self, address: str, secret: str | None = None, *, stopwatch: Callable[[], float] = time.monotonic
    ) -> None:
        self.artifacts = InMemoryArtifactStore()
        self.metrics = io.StringIO()
        api = MlflowApi(address, credentials=lambda: secret)
        self.app = cast(
            "App",
            SimpleNamespace(
                definition=MODEL,
                artifacts=self.artifacts,
                tracker=MlflowTracker(api, experiment="houses", stopwatch=stopwatch),
                tracking_metrics=EmfTrackingMetrics(model="sample", stream=self.metrics),
                clock=FakeClock(),
            ),
        )

    def log(self, outcome: str = "registered", **changes: Any) -> Document:
        return handle({"outcome": outcome, "document": {**self.document(), **changes}}, self.app)

    def document(self) -> Document:
        scores = {"naive_bayes": 0.7, "tree#1": 0.8, "tree#2": None}
        return {
            "run": {"id": "sample-1", "reason": "it's new data", "requested_by": "ml-team"},
            "dataset": {"digest": "d" * 64, "definition": "e" * 64, "rows": 400},
            "candidates": [
                {"name": name, "estimator": "x", "seconds": 1.5, **({"score": score} if score else {})}
                for name, score in scores.items()
            ],
            "evaluation": {
                "winner": "tree#1",
                "metrics": {"roc_auc": 0.81, "brier": None},
                "report": to_document(self.artifacts.put("sample", "report.json", b'{"schema": 1}')),
            },
            "package": {"manifest": {"sha256": "f" * 64}},
            "version": {"number": 3},
        }

    def failures(self) -> list[int]:
        return [
            json.loads(line)["model_tracking_failures_total"] for line in self.metrics.getvalue().splitlines()
        ]


def test_a_run_is_logged_with_its_candidates_metrics_and_report(server: MlflowServer) -> None:
    desk = Desk(server.address)
    told = desk.log()
    run = server.named("sample-1")
    assert told == {"run": run["info"]["run_id"]}
    assert list(server.experiments) == ["houses"]
    assert run["info"]["status"] == "FINISHED"
    assert run["metrics"] == {"roc_auc": 0.81}
    assert run["params"]["estimator"] == "decision_tree"
    assert run["params"]["max_depth"] == str(MODEL.candidate("tree#1").parameters["max_depth"])
    assert (run["params"]["rows"], run["params"]["metric"]) == ("400", "roc_auc")
    assert run["tags"]["lambdaloop.version"] == "3"
    assert run["tags"]["lambdaloop.reason"] == "it's new data"
    child = server.named("tree#1")
    assert child["tags"]["mlflow.parentRunId"] == told["run"]
    assert child["metrics"] == {"cv_roc_auc": 0.8, "seconds": 1.5}
    assert server.named("tree#2")["metrics"] == {"seconds": 1.5}
    assert server.artifacts == {f"1/{told['run']}/artifacts/report.json": b'{"schema": 1}'}
    assert desk.failures() == [0]


def test_a_run_is_logged_once_however_often_the_step_runs(server: MlflowServer) -> None:
    desk = Desk(server.address)
    assert desk.log() == desk.log()
    assert len(server.runs) == 4


@pytest.mark.parametrize("call", range(1, 18))
def test_a_run_that_was_logged_in_part_is_completed(call: int, server: MlflowServer) -> None:
    desk = Desk(server.address)
    server.breaks_at = call
    assert "answered 503" in desk.log()["problem"]
    server.breaks_at = None
    assert "problem" not in desk.log()
    assert sorted(each["name"] for each in server.runs.values()) == [
        "naive_bayes",
        "sample-1",
        "tree#1",
        "tree#2",
    ]
    assert {each["info"]["status"] for each in server.runs.values()} == {"FINISHED"}
    assert desk.failures() == [1, 0]


def test_a_candidate_takes_three_calls_and_finding_all_of_them_one(server: MlflowServer) -> None:
    Desk(server.address).log()
    assert server.calls == len(["find", "make"]) + len(["find", "begin", "batch", "find theirs"]) + 3 * 3 + 2
    before = server.calls
    Desk(server.address).log()
    assert server.calls - before == len(["the experiment", "the run"])


def test_a_server_that_is_too_slow_is_a_failure_that_is_counted_and_made_good(server: MlflowServer) -> None:
    of_a_call = [PATIENCE_SECONDS / 10]
    desk = Desk(server.address, stopwatch=lambda: server.calls * of_a_call[0])
    assert "too slow: tree#2" in desk.log()["problem"]
    of_a_call[0] = 0.0
    assert "problem" not in desk.log()
    assert desk.failures() == [1, 0]
    assert len(server.runs) == 4


def test_a_server_that_does_not_answer_fails_nothing(server: MlflowServer) -> None:
    desk = Desk("http://127.0.0.1:9")
    assert "gave no answer" in desk.log()["problem"]
    assert desk.failures() == [1]
    assert not server.runs


def test_a_run_that_failed_early_is_logged_as_far_as_it_came(server: MlflowServer) -> None:
    document = {"run": {"id": "sample-2"}, "error": {"Error": "DatasetInvalidError", "Cause": "{}"}}
    handle({"outcome": "failed", "document": document}, Desk(server.address).app)
    run = server.named("sample-2")
    assert run["info"]["status"] == "FAILED"
    assert run["tags"]["lambdaloop.error"] == "DatasetInvalidError"
    assert run["metrics"] == {}


def test_more_metrics_than_a_batch_may_hold_are_sent_in_several(server: MlflowServer) -> None:
    desk = Desk(server.address)
    document = desk.document()
    document["evaluation"]["metrics"] = {f"m{number}": float(number) for number in range(2001)}
    desk.log(evaluation=document["evaluation"])
    assert len(server.named("sample-1")["metrics"]) == 2001


@pytest.mark.parametrize(
    ("secret", "header"), [("abc", "Bearer abc"), ("jo:secret\n", "Basic am86c2VjcmV0"), (None, None)]
)
def test_credentials_are_a_token_or_a_user_with_a_password(
    secret: str | None, header: str | None, server: MlflowServer
) -> None:
    Desk(server.address, secret).log()
    assert server.authorizations == {header}


def test_a_token_that_no_header_may_have_is_told_without_being_shown(server: MlflowServer) -> None:
    logged = Desk(server.address, "abc\ndef").log()
    assert "line break" in logged["problem"]
    assert "abc" not in logged["problem"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"mlflow_uri": "mlflow.example.com"}, "must be an address"),
        ({"mlflow_uri": "https://jo:secret@mlflow.example.com"}, "must hold no user or password"),
        ({"mlflow_uri": "http://mlflow.example.com", "credentials": "x"}, "must begin with https://"),
        ({"mlflow_uri": "https://mlflow.example.com", "credentials": "a b"}, "name of an SSM parameter"),
    ],
)
def test_an_address_that_would_tell_secrets_is_refused(fields: dict[str, str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Tracking(**fields)
