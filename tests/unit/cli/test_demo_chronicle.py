"""The story of the closed loop: each thing once, in order, and only what is worth a line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from lambdaloop.domain.decision import CheckName, Decision, DecisionCheck
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.release import Release
from lambdaloop.domain.run import Run
from lambdaloop.domain.version import Version
from lambdaloop.domain.window import ColumnDrift, DriftReport, Performance, WindowReport, WindowStatus
from scripts.cli.demo_alarms import AlarmBegan
from scripts.cli.demo_chronicle import Chronicle, Happening
from tests.fakes.samples import definition, rules

START = datetime(2026, 3, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@dataclass
class Registry:
    """Newest first, as the registry tells."""

    reports: list[WindowReport] = field(default_factory=list)
    decided: list[Decision] = field(default_factory=list)
    trained: list[Run] = field(default_factory=list)
    released: list[Release] = field(default_factory=list)

    def windows(
        self, _model: str, *, since: datetime | None = None, limit: int = 100
    ) -> Sequence[WindowReport]:
        return [one for one in reversed(self.reports) if since is None or one.end >= since][:limit]

    def decisions(self, _model: str, *, limit: int = 100) -> Sequence[Decision]:
        return self.decided[::-1][:limit]

    def runs(self, _model: str) -> Sequence[Run]:
        return self.trained[::-1]

    def version(self, _model: str, number: int) -> Version:
        raise LookupError(number)

    def releases(self, _model: str) -> Sequence[Release]:
        return self.released[::-1]


@dataclass
class Alarms:
    changes: list[AlarmBegan] = field(default_factory=list)

    def began(self, *, after: datetime, until: datetime) -> Iterator[AlarmBegan]:
        return (change for change in self.changes if after < change.at <= until)


class Told:
    """A chronicle with what it told."""

    def __init__(self) -> None:
        self.registry, self.alarms = Registry(), Alarms()
        self.chronicle = Chronicle(self.registry, definition(), self.alarms, START)
        self.lines: list[Happening] = []

    def until(self, number: float) -> list[tuple[str, str]]:
        """What is told when somebody looks at that day."""
        before = len(self.lines)
        self.chronicle.update(day(number), self.lines.append)
        return [(line.kind, line.text) for line in self.lines[before:]]


def window(
    number: int, status: WindowStatus = "ok", *drifted: str, drop: float | None = None
) -> WindowReport:
    columns = {
        name: ColumnDrift(
            status="drift" if name in drifted else "ok", method="psi", distance=0.3, threshold=0.1
        )
        for name in ("age", "plan", "charges")
    }
    report = DriftReport(status="ok", rows=300, share=0.0, features=columns, predictions={})
    metrics = {definition().training.metric: Estimate(value=0.7)}
    return WindowReport(
        model="churn",
        start=day(number - 1),
        end=day(number),
        status=status,
        reason="in words",
        drift=report,
        performance=Performance(rows=300, metrics=metrics, drop=drop),
    )


def decision(number: float, failed: CheckName | None) -> Decision:
    checks = (DecisionCheck(name=failed, passed=False, reason="why"),) if failed else ()
    return Decision(
        id=f"event-{number}",
        model="churn",
        at=day(number),
        asked_at=day(number),
        cause="watch",
        requested_by="governor",
        retrain=failed is None,
        reason=f"{'not ' if failed else ''}retrained because {failed or 'it drifted'}",
        checks=checks,
    )


def run(number: float, status: str = "running") -> Run:
    return Run(
        id=f"run-{number}",
        model="churn",
        status=status,  # type: ignore[arg-type]
        reason="drift",
        requested_by="governor",
        started_at=day(number),
        outcome={"checks": [{"passed": False, "reason": "roc_auc 0.7 is below the champion's 0.8"}]},
    )


def release(number: int, status: str) -> Release:
    return Release(
        number=number,
        model="churn",
        version=number,
        status=status,  # type: ignore[arg-type]
        execution=f"release-{number}",
        requested_by="governor",
        reason="drift",
        created_at=day(1),
        previous_lambda_version="1",
        first=False,
        rules=rules(),
    )


def test_drift_is_told_when_it_begins_when_it_grows_and_when_it_ends() -> None:
    told = Told()
    told.registry.reports += [window(1), window(2, "drift", "plan"), window(3, "drift", "plan")]
    assert told.until(3) == [("drift", "plan 3.0× (1 of 3 features)")]
    told.registry.reports += [window(4, "drift", "plan", "age"), window(5)]
    assert told.until(5) == [
        ("drift", "plan 3.0×, age 3.0× (2 of 3 features)"),
        ("drift", "none any more"),
    ] or (told.lines[-2].text == "age 3.0×, plan 3.0× (2 of 3 features)")
    assert len(told.chronicle.windows) == 5


def test_a_drop_of_performance_is_told_once_with_its_numbers() -> None:
    told = Told()
    told.registry.reports += [window(1, drop=0.01), window(2, drop=0.08), window(3, drop=0.09)]
    [(kind, text)] = told.until(3)
    assert kind == "performance"
    assert "0.7000" in text
    assert "0.080 worse" in text


def test_alarms_are_told_once_each() -> None:
    told = Told()
    told.alarms.changes += [AlarmBegan(at=day(1.5), name="drift-share", is_drift=True)]
    assert told.until(2) == [("alarm", "drift-share began")]
    assert told.until(3) == []


def test_refusals_are_told_when_there_was_an_occasion_and_once_in_a_row() -> None:
    told = Told()
    told.registry.decided += [
        decision(1, "persistence"),
        decision(2, "cooldown"),
        decision(3, "cooldown"),
        decision(4, "new_labels"),
        decision(5, None),
    ]
    assert [text for _, text in told.until(5)] == [
        "not retrained because cooldown",
        "not retrained because new_labels",
        "retrained because it drifted",
    ]
    assert len(told.chronicle.decisions) == 5


def test_a_training_is_told_when_it_ended_and_the_first_one_is_none_of_the_loop() -> None:
    told = Told()
    told.registry.trained += [run(-1, "rejected"), run(1)]
    assert told.until(1) == []
    told.registry.trained[1] = replace(run(1), status="rejected")
    assert told.until(2) == [("training", "rejected: roc_auc 0.7 is below the champion's 0.8")]
    assert len(told.chronicle.trainings) == 1


def test_a_release_is_told_when_it_is_live_or_came_back() -> None:
    told = Told()
    told.registry.released += [release(1, "live"), release(2, "shifting")]
    assert told.until(1) == [("release", "release 1 with version 1 is live")]
    told.registry.released[:] = [release(1, "superseded"), release(2, "live")]
    assert told.until(2) == [("release", "release 2 with version 2 is live")]


def test_things_are_told_in_the_order_in_which_they_happened() -> None:
    told = Told()
    told.registry.reports.append(window(2, "drift", "plan"))
    told.registry.decided.append(decision(2.2, None))
    told.alarms.changes.append(AlarmBegan(at=day(2.1), name="drift-share", is_drift=True))
    assert [kind for kind, _ in told.until(3)] == ["drift", "alarm", "decision"]
