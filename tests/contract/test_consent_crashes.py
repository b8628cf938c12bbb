"""Shadow stage, question, answer and first step, with the process dying at every write: each is done once in the end."""

from typing import Any

import pytest

from functions.ask_approval.handler import handle as ask_approval
from functions.open_release.handler import handle as open_release
from functions.record_approval.handler import handle as record_approval
from functions.roll_back_release.handler import handle as roll_back
from functions.shadow_release.handler import handle as shadow_release
from functions.shift_traffic.handler import handle as shift_traffic
from lambdaloop.adapters.emf_shadow_metrics import EmfShadowMetrics
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ApprovalDecidedError
from lambdaloop.services.decide_approval import decide_approval
from lambdaloop.settings import Settings
from tests.contract.aws import Aws
from tests.contract.release_world import check_invariants, check_settled, make_live, register
from tests.contract.test_crash_matrix import crashes
from tests.fakes.app import FakeApp
from tests.fakes.clock import FakeClock
from tests.fakes.notices import FakeNotices
from tests.fakes.samples import MODEL, definition
from tests.fakes.workflows import FakeWorkflows

RULES: dict[str, Any] = {
    "steps": [50, 100],
    "shadow": {"seconds": 900, "min_rows": 30},
    "approval": {"expires_hours": 24, "remind_hours": 4},
}


def app_on(aws: Aws) -> FakeApp:
    clock = FakeClock()
    clock.advance(900)  # a slice of the shadow stage is over
    return FakeApp(
        clock=clock,
        definition=definition(**RULES),
        registry=aws.registry,
        artifacts=aws.artifacts,
        traffic=aws.traffic,
        workflows=FakeWorkflows(),
        notices=FakeNotices(),
        shadow_metrics=EmfShadowMetrics(),
        settings=Settings(bootstrap_version="1", api_endpoint="https://api.example.com"),
    )


def opening(aws: Aws) -> Document:
    document: Document = {
        "request": {"model": MODEL, "version": 2, "requested_by": "alice", "reason": "better"},
        "execution": "second",
    }
    document["opened"] = open_release(document, app_on(aws))
    return document


def before_traffic(aws: Aws) -> Document:
    """From the shadow stage to the first step, as a workflow that runs its steps again does it."""
    app = app_on(aws)
    document: Document = {
        "execution": "second",
        "opened": {"number": 2, "lambda_version": "3", "first": False},
    }
    document["shadow"] = shadow_release(document, app)
    try:
        ask_approval({**document, "token": "token", "reminder": False}, app)
    except ApprovalDecidedError:
        pass  # Bob had answered before the process died
    else:
        bob_approves(aws, app)
    document["approval"] = record_approval(document, app)
    document["shift"] = shift_traffic(document, app)
    return document


def bob_approves(aws: Aws, app: FakeApp) -> None:
    decide_approval(
        model=MODEL,
        number=2,
        decision="approved",
        by="bob",
        reason="",
        releases=aws.registry,
        approvals=aws.registry,
        workflows=app.workflows,
        clock=app.clock,
    )


@pytest.fixture
def waiting(aws: Aws) -> Aws:
    """Version 1 is live, version 2 published."""
    register(aws, "run-1", "run-2")
    make_live(aws)
    assert opening(aws)["opened"] == {"number": 2, "lambda_version": "3", "first": False, "status": "open"}
    return aws


def test_what_ran_again_is_done_once(waiting: Aws) -> None:
    for _ in crashes(waiting, before_traffic, writes=True):
        check_invariants(waiting)
        document = before_traffic(waiting)
        assert document["shadow"]["verdict"] == "advance"
        assert document["approval"]["approved"] is True
        assert waiting.traffic.routing().weight == 0.5
        assert len(waiting.registry.release(MODEL, 2).judgements) == 1
        kinds = [event.kind for event in waiting.registry.events(MODEL)]
        assert kinds.count("release_approved") == 1
        assert kinds.count("release_judged") == 1


def test_what_is_rolled_back_instead_leaves_all_traffic_where_it_was(waiting: Aws) -> None:
    for _ in crashes(waiting, before_traffic, writes=True):
        error = {"Error": "Lambda.Unknown", "Cause": "the process died"}
        assert roll_back({"execution": "second", "error": error}, app_on(waiting)) == {
            "status": "rolled_back",
            "reason": "Lambda.Unknown: the process died",
        }
        check_settled(waiting)
