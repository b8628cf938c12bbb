"""Every change of the registry that matters is told once, and nothing else is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lambdaloop.domain.audit import AuditEvent
from lambdaloop.domain.decision import Decision
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.experiment import Arm, Experiment, ExperimentRules, Look
from lambdaloop.domain.happening import Happening, happening_of
from lambdaloop.domain.registry_change import RegistryChange, happenings_of
from lambdaloop.domain.window import DriftReport, WindowReport

NOW = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
AUDITED = AuditEvent(
    model="churn", at=NOW, kind="version_registered", actor="run-1", detail={"version": 3, "run": "run-1"}
)
WINDOW = WindowReport(
    model="churn",
    start=NOW - timedelta(hours=24),
    end=NOW,
    status="drift",
    reason="40% of the features drifted",
    release=2,
    version=3,
    drift=DriftReport(status="drift", rows=900, share=0.4, features={}, predictions={}),
)
DECISION = Decision(
    id="d1",
    model="churn",
    at=NOW,
    cause="watch",
    requested_by="watch",
    asked_at=NOW,
    retrain=True,
    reason="retrained because drift lasts",
    run="run-2",
)


EXPERIMENT = Experiment(
    id="e",
    model="churn",
    status="running",
    arms=(Arm(name="control", version=3, share=5000), Arm(name="b", version=4, share=5000)),
    salt="salt",
    namespace="churn",
    first_bucket=0,
    buckets=10_000,
    rules=ExperimentRules(outcome="correct", smallest_effect=0.1),
    requested_by="ann",
    reason="to see",
    created_at=NOW,
)


def told(sk: str, after: object, *, before: object = None, pk: str = "MODEL#churn") -> list[Happening]:
    def image(record: object) -> Document | None:
        return None if record is None else {**to_document(record), "pk": pk, "sk": sk}

    return list(
        happenings_of(RegistryChange(sequence="1", pk=pk, sk=sk, before=image(before), after=image(after)))
    )


def test_an_audit_event_is_told_as_it_is() -> None:
    [happening] = told("EVENT#2026#ab", AUDITED)
    assert happening == Happening(
        id="churn/EVENT#2026#ab",
        kind="version_registered",
        model="churn",
        at=NOW,
        actor="run-1",
        data={"version": 3, "run": "run-1"},
    )
    assert happening.detail_type == "Version Registered"


def test_a_window_is_told_with_its_verdict_and_again_only_when_it_found_something_else() -> None:
    [first] = told("WINDOW#x", WINDOW)
    assert (first.kind, first.data["status"], first.data["drift_share"]) == ("window_judged", "drift", 0.4)
    assert "performance_drop" not in first.data
    assert told("WINDOW#x", WINDOW, before=WINDOW) == []
    [again] = told("WINDOW#x", replace(WINDOW, new_labels=5), before=WINDOW)
    assert again.id != first.id


def test_a_decision_is_told_with_its_reason() -> None:
    [happening] = told("DECISION#x#d1", DECISION)
    assert happening.kind == "retraining_decided"
    assert happening.data["retrain"] is True
    assert happening.data["reason"] == "retrained because drift lasts"
    assert told("DECISION#x#d1", DECISION, before=DECISION) == []


def test_a_look_is_told_when_it_is_new_and_other_changes_of_an_experiment_are_not() -> None:
    look = Look(at=NOW, verdict="better", reason="it is", winner="b")
    before, after = EXPERIMENT, replace(EXPERIMENT, looks=(look,))
    [happening] = told("EXPERIMENT#e", after, before=before)
    assert (happening.kind, happening.at, happening.data["winner"]) == ("experiment_looked", NOW, "b")
    assert told("EXPERIMENT#e", replace(after, revision=9), before=after) == []
    assert told("EXPERIMENT#e", before) == []


@pytest.mark.parametrize("sk", ["RELEASE#00000001", "ALIAS#champion", "LEASE#release", "APPROVAL#00000001"])
def test_records_whose_changes_write_an_audit_event_are_not_told_twice(sk: str) -> None:
    assert told(sk, AUDITED) == []


def test_keys_and_what_was_deleted_are_nobodys_business() -> None:
    assert told("EVENT#x", AUDITED, pk="APIKEYS#churn") == []
    assert told("EVENT#x", None, before=AUDITED) == []


def test_an_event_survives_the_way_through_the_bus() -> None:
    [happening] = told("EVENT#2026#ab", AUDITED)
    assert happening_of({"source": "lambdaloop", "detail": to_document(happening)}) == happening
    with pytest.raises(ValueError, match=r"aws\.s3"):
        happening_of({"source": "aws.s3", "detail": {}})
