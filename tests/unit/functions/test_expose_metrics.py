"""What a Prometheus server gets, read by Prometheus's own parser."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from functions.expose_metrics.handler import handle
from lambdaloop.domain.documents import Document
from lambdaloop.domain.fleet import ModelTraffic
from lambdaloop.domain.outcomes import Estimate
from lambdaloop.domain.window import ColumnDrift, DriftReport, Performance, WindowReport
from lambdaloop.settings import Settings
from tests.fakes.app import FakeApp
from tests.fakes.clock import FakeClock
from tests.fakes.fleet import FakeFleet
from tests.fakes.governed_model import GovernedRegistry
from tests.fakes.release_history import ReleaseHistory
from tests.fakes.samples import MODEL
from tests.unit.functions.gateway import load_event

NOON = datetime(2026, 3, 2, 12, 6, tzinfo=UTC)
FAR = ColumnDrift(status="drift", method="psi", distance=0.6, threshold=0.2)
WATCHED = WindowReport(
    model=MODEL,
    start=NOON - timedelta(hours=25),
    end=NOON - timedelta(minutes=3),
    status="drift",
    reason="age drifted",
    drift=DriftReport(status="drift", rows=900, share=0.5, features={"age": FAR}, predictions={}),
    performance=Performance(
        rows=80.0, metrics={"roc_auc": Estimate(value=0.75), "log_loss": Estimate(value=None)}, drop=0.02
    ),
    capture_loss=0.001,
    new_labels=80,
    unknown_labels=2,
    label_delay_hours=1.5,
)
TRAFFIC = ModelTraffic(
    requests=100.0,
    client_errors=4.0,
    server_errors=1.0,
    invalid_requests=3.0,
    predictions=950.0,
    lost_lines=7.0,
    latency_seconds={"p50": 0.004, "p99": 0.02},
    release_requests={2: 90.0, 3: 10.0},
)


@dataclass
class Platform:
    """Models of which one serves."""

    fleet: FakeFleet = field(
        default_factory=lambda: FakeFleet(churn=TRAFFIC, alarms=["lambdaloop-churn-live-errors"])
    )
    registry: GovernedRegistry = field(default_factory=GovernedRegistry)
    models: str | None = "churn,price"

    def get(self, accept: str = "", at: datetime = NOON) -> Document:
        event = load_event("unrouted")
        event["rawPath"], event["headers"]["accept"] = "/metrics", accept
        app = FakeApp(
            clock=FakeClock(at),
            settings=Settings(api_models=self.models),
            registry=self.registry,
            windows=self.registry,
            fleet=self.fleet,
        )
        return handle(event, app)

    def samples(self, at: datetime = NOON) -> dict[tuple[str, ...], float]:
        """Values by name and values of labels."""
        return _samples(read_text(self.get(at=at)["body"]))

    def serve(self) -> ReleaseHistory:
        """The second release is live, a third one is on its way, and the watch has run."""
        history = ReleaseHistory(registry=self.registry)
        for _ in range(2):
            history.release(history.train())
        history.open(history.train())
        self.registry.record_window(WATCHED)
        return history


def _samples(families: Any) -> dict[tuple[str, ...], float]:
    return {
        (sample.name.removeprefix("lambdaloop_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def platform() -> Platform:
    platform = Platform()
    platform.serve()
    return platform


def test_the_champion_is_named_with_its_version_and_release(platform: Platform) -> None:
    samples = platform.samples()
    assert samples["model_info", "churn", "2", "2"] == 1
    assert samples["model_champion_since_timestamp_seconds", "churn"] > 0
    assert [key for key in samples if key[0] == "model_info"] == [("model_info", "churn", "2", "2")]


def test_traffic_is_told_for_the_newest_five_minutes_that_have_settled(platform: Platform) -> None:
    samples = platform.samples()
    [(releases, start, end)] = platform.fleet.asked
    assert (start, end) == (NOON - timedelta(minutes=11), NOON - timedelta(minutes=6))
    assert releases == {"churn": [2, 3], "price": []}
    assert samples["last_5m_end_timestamp_seconds",] == end.timestamp()
    assert samples["model_requests_last_5m", "churn"] == 100
    assert samples["model_request_errors_last_5m", "churn", "4xx"] == 4
    assert samples["model_request_errors_last_5m", "churn", "5xx"] == 1
    assert samples["model_invalid_requests_last_5m", "churn"] == 3
    assert samples["model_predictions_last_5m", "churn"] == 950
    assert samples["model_capture_lost_lines_last_5m", "churn"] == 7
    assert samples["model_latency_last_5m_seconds", "churn", "p99"] == 0.02


def test_every_release_that_may_have_traffic_says_how_many_requests_it_answered(platform: Platform) -> None:
    samples = platform.samples()
    assert samples["model_release_requests_last_5m", "churn", "2", "2", "live"] == 90
    assert samples["model_release_requests_last_5m", "churn", "3", "3", "open"] == 10
    assert len([key for key in samples if key[0] == "model_release_requests_last_5m"]) == 2


def test_the_watchs_newest_verdict_is_one_of_all_possible_ones(platform: Platform) -> None:
    samples = platform.samples()
    verdicts = {
        key[2]: value for key, value in samples.items() if key[:2] == ("model_watch_verdict", "churn")
    }
    assert verdicts == {"ok": 0, "drift": 1, "insufficient_data": 0, "no_release": 0, "no_baseline": 0}
    assert samples["model_watched_timestamp_seconds", "churn"] == WATCHED.end.timestamp()
    assert samples["model_drift_ratio", "churn"] == 0.5
    assert samples["model_drifted_features", "churn"] == 1
    assert samples["model_capture_loss_ratio", "churn"] == 0.001
    assert samples["model_new_labels", "churn"] == 80
    assert samples["model_unknown_labels", "churn"] == 2
    assert samples["model_label_delay_seconds", "churn"] == 5400
    assert samples["model_performance", "churn", "real", "roc_auc"] == 0.75
    assert samples["model_performance_drop", "churn", "real"] == 0.02


def test_alarms_that_ring_are_counted_and_named(platform: Platform) -> None:
    samples = platform.samples()
    assert samples["alarms_in_alarm",] == 1
    assert samples["alarm_in_alarm", "lambdaloop-churn-live-errors"] == 1


def test_a_model_that_nobody_asked_has_zeros_and_no_latency(platform: Platform) -> None:
    samples = platform.samples()
    assert samples["model_requests_last_5m", "price"] == 0
    told = {key[0] for key in samples if "price" in key[1:]}
    assert not told & {
        "model_latency_last_5m_seconds",
        "model_watch_verdict",
        "model_info",
        "model_drift_ratio",
    }


def test_without_any_model_there_are_metrics_all_the_same() -> None:
    samples = Platform(models=None, fleet=FakeFleet()).samples()
    assert {key[0] for key in samples} == {"last_5m_end_timestamp_seconds", "alarms_in_alarm"}


def test_openmetrics_says_the_same(platform: Platform) -> None:
    answer = platform.get("application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1")
    assert answer["headers"]["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert _samples(read_openmetrics(answer["body"])) == platform.samples()  # type: ignore[no-untyped-call]


def test_every_answer_names_its_format_and_is_kept_by_nobody(platform: Platform) -> None:
    headers = platform.get("*/*")["headers"]
    assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert (headers["cache-control"], headers["vary"]) == ("no-store", "accept")


def test_what_cloudwatch_does_not_tell_makes_no_half_answer(platform: Platform) -> None:
    platform.fleet.down = True
    answer = platform.get()
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (503, "application/problem+json")
    assert json.loads(answer["body"])["detail"].startswith("GetMetricData was refused (Throttling)")
