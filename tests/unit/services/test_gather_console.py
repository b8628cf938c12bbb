import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lambdaloop.domain import console_snapshot as limits
from lambdaloop.domain.console_snapshot import ConsoleSnapshot
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.fleet import ModelTraffic
from lambdaloop.domain.traffic import Routing
from tests.fakes.console_world import FEATURES, WINDOWS, busy, routed, snapshot_of, trying
from tests.fakes.fleet import FakeFleet
from tests.fakes.governed_model import GovernedModel, in_production
from tests.fakes.samples import MODEL
from tests.fakes.traffic import InMemoryTraffic


def told(model: GovernedModel, **given: Any) -> limits.ShownModel:
    [found] = snapshot_of(model, **given).models
    return found


def test_a_release_under_way_is_told_with_its_part_of_the_traffic_and_its_newest_judgement() -> None:
    model = told(busy(), traffic=routed({"2": 0.9, "3": 0.1}))
    assert [(part.release, part.version, part.share) for part in model.traffic] == [(1, 1, 0.9), (2, 2, 0.1)]
    newest = model.releases[0]
    assert (newest.number, newest.status, newest.steps) == (2, "shifting", (10, 50, 100))
    assert newest.judgements[0].verdict == "advance"
    assert ("error rate", "0 %", "0.12 %", "") in newest.judgements[0].figures
    assert model.champion is not None
    assert model.champion.version == 1


def test_a_live_release_that_is_older_than_all_that_are_listed_still_has_its_name() -> None:
    model = busy()
    champion = model.registry.alias(MODEL, "champion")
    for _ in range(limits.RELEASES + 2):
        model.registry.roll_back_release(
            model.registry.releases(MODEL)[0], outcome="worse", at=model.clock.now()
        )
        model.pass_hours(1)
        model.release(2, lives=None)
    found = told(model, traffic=routed({"2": 1.0}))
    assert champion.release not in [each.number for each in found.releases]
    assert found.traffic[0].release == champion.release


def test_an_experiment_is_told_with_what_was_seen_last() -> None:
    [experiment] = told(trying()).experiments
    assert experiment.under_way
    assert experiment.look is not None
    assert experiment.look.figures["b"].units == 3988
    assert experiment.look.contrasts[0].difference == pytest.approx(0.0137)


def test_the_heat_map_has_the_newest_windows_and_the_farthest_features_first() -> None:
    drift = told(busy()).drift
    ends = [window.end for window in drift.windows]
    assert len(ends) == WINDOWS
    assert ends == sorted(ends)
    assert [feature.name for feature in drift.features][:4] == list(FEATURES[:4])
    first = drift.features[0]
    assert first.drifted[-1] == WINDOWS - 1
    assert first.times[-1] == pytest.approx(20.0, abs=2.0)
    plan = next(feature for feature in drift.features if feature.name == "plan")
    assert plan.times[3] is None
    assert drift.windows[-1].real is not None
    assert drift.windows[-1].real.value == pytest.approx(0.774)


def test_decisions_are_told_and_times_when_nothing_was_wrong_are_counted() -> None:
    model = told(busy())
    assert any(decision.retrain for decision in model.decisions)
    assert model.decisions[0].checks
    assert model.quiet_decisions == WINDOWS - len(model.decisions)


def test_an_alarm_belongs_to_the_model_with_the_longer_name_that_fits() -> None:
    names = ["lambdaloop-churn-drift", "lambdaloop-churn-eu-drift", "lambdaloop-features-undelivered"]
    snapshot = snapshot_of(in_production(), figures=FakeFleet(alarms=names), beside=["churn-eu", "eu"])
    assert {each.name: each.alarms for each in snapshot.models} == {
        "churn": ("lambdaloop-churn-drift",),
        "churn-eu": ("lambdaloop-churn-eu-drift",),
        "eu": (),
    }
    assert snapshot.alarms == ("lambdaloop-features-undelivered",)


def test_an_alarm_of_a_stage_belongs_to_its_model_too() -> None:
    names = ["lambdaloop.dev-churn-drift", "lambdaloop.dev-features-undelivered"]
    snapshot = snapshot_of(in_production(), figures=FakeFleet(alarms=names))
    assert [each.alarms for each in snapshot.models] == [("lambdaloop.dev-churn-drift",)]
    assert snapshot.alarms == ("lambdaloop.dev-features-undelivered",)


def test_a_model_that_was_never_trained_is_told_too() -> None:
    model = told(GovernedModel())
    assert (model.champion, model.versions, model.drift.windows) == (None, (), ())
    assert model.traffic[0].release is None


def test_the_time_is_asked_after_the_cloud_has_answered_for_it_may_live_in_another() -> None:
    model = in_production()

    class CloudTime(InMemoryTraffic):
        def routing(self) -> Routing:
            model.clock.advance(86_400)
            return super().routing()

    before = model.clock.now()
    assert snapshot_of(model, traffic=CloudTime()).taken_at == before + timedelta(days=1)


def test_nothing_is_told_when_a_part_is_unknown() -> None:
    figures = FakeFleet()
    figures.down = True
    with pytest.raises(BackendUnavailableError):
        snapshot_of(in_production(), figures=figures)


def test_the_document_holds_what_is_shown_and_no_more() -> None:
    figures = FakeFleet(churn=ModelTraffic(requests=12.0, latency_seconds={"p95": 0.03}))
    snapshot = snapshot_of(trying(), figures=figures)
    document = json.loads(json.dumps(to_document(snapshot), allow_nan=False))
    assert from_document(ConsoleSnapshot, document) == snapshot
    text = json.dumps(document)
    for secret in ("salt", "bundle", "token", "models/churn/artifacts", "namespace"):
        assert secret not in text


def test_a_model_of_many_years_is_no_longer_than_a_page() -> None:
    model = busy()
    last = model.registry.windows(MODEL, limit=1)[0].drift
    many = replace(last, features={f"feature {place:03}": last.features["age"] for place in range(300)})
    for _ in range(limits.WINDOWS + 5):
        model.watch("drift", drift=many)
    for name in range(limits.EVENTS // 2 + 5):
        model.train("rejected", name=f"more-{name}")
    found = told(model)
    assert len(found.drift.windows) == limits.WINDOWS
    assert (len(found.drift.features), found.drift.features_left_out) == (
        limits.FEATURES,
        300 - limits.FEATURES,
    )
    assert len(found.decisions) == limits.DECISIONS
    assert len(found.runs) == limits.RUNS
    assert len(found.events) == limits.EVENTS
    assert len(json.dumps(to_document(found))) < 120_000


def test_the_documented_limits_are_those_of_the_code() -> None:
    told = Path("docs/console.md").read_text(encoding="utf-8")
    assert limits.VERSIONS == limits.RELEASES == limits.RUNS
    for row in (
        f"| versions, releases, trainings | {limits.VERSIONS} each;",
        f"| experiments | {limits.EXPERIMENTS},",
        f"| windows × features | {limits.WINDOWS} × {limits.FEATURES};",
        f"| decisions | {limits.DECISIONS} of the newest {limits.ASKED} times",
        f"| events | {limits.EVENTS} |",
    ):
        assert row in told
