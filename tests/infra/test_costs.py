"""Nothing in the templates costs money by the hour, and an estimate adds up what is left."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.costs import prices
from infra.costs.estimate import estimate
from infra.costs.idle import feature_lines, idle_kinds, idle_lines
from infra.costs.line import Line, free_usd
from infra.costs.resource_types import (
    AlwaysOnResourceError,
    Idle,
    UnclassifiedResourceError,
    classify,
)
from infra.costs.usage import Usage
from infra.costs.watch_metrics import ALWAYS, OF_FULL_WINDOWS, WHILE_USED, while_used
from infra.costs.workflow_steps import transitions
from infra.template_checks import refuse_what_is_always_on
from lambdaloop import telemetry
from lambdaloop.adapters.emf_look_up_metrics import EmfLookUpMetrics
from lambdaloop.adapters.emf_watch_metrics import EmfWatchMetrics
from lambdaloop.definition_schema import load_definition, load_definitions
from tests.fakes.samples import MORNING
from tests.fakes.watched_model import WatchedModel, watched_definition
from tests.infra.golden_workflows import GOLDEN
from tests.infra.synthesis import DEFINITIONS, PROJECT, Template

UNUSED = Usage(requests=0, labels=0, trainings=0)


def test_every_resource_is_classified_and_none_is_always_on(
    assembly: Path, templates: dict[str, Template]
) -> None:
    refuse_what_is_always_on(assembly)
    kinds = idle_kinds([template.document for template in templates.values()])
    assert sum(kinds.values()) == sum(len(template.resources) for template in templates.values())
    assert kinds[Idle.STORAGE] == 5  # three buckets, the registry, stored features
    assert kinds[Idle.KEY] == 0
    assert kinds[Idle.SNAPSHOT] == 1  # the only definition with snap_start
    assert kinds[Idle.SCHEDULE] == 2 * 4


def test_a_type_that_nobody_classified_stops_the_checks(tmp_path: Path) -> None:
    (tmp_path / "Odd.template.json").write_text(json.dumps(_stack("AWS::EC2::NatGateway")))
    with pytest.raises(
        UnclassifiedResourceError, match=r"Thing is of type AWS::EC2::NatGateway.*resource_types\.py"
    ):
        refuse_what_is_always_on(tmp_path)


@pytest.mark.parametrize(
    ("type_", "properties", "reason"),
    [
        ("AWS::DynamoDB::Table", {"ProvisionedThroughput": {}}, "use BillingMode PAY_PER_REQUEST"),
        ("AWS::DynamoDB::Table", {"BillingMode": "PAY_PER_REQUEST", "WarmThroughput": {}}, "warm throughput"),
        ("AWS::Lambda::Alias", {"ProvisionedConcurrencyConfig": {}}, "provisioned concurrency"),
        ("AWS::Lambda::Version", {"ProvisionedConcurrencyConfig": {}}, "provisioned concurrency"),
        ("AWS::SSM::Parameter", {"Tier": "Advanced"}, "use Standard"),
        (
            "AWS::KinesisFirehose::DeliveryStream",
            {"AmazonopensearchserviceDestinationConfiguration": {"VpcConfiguration": {}}},
            "delivery into a VPC",
        ),
        (
            "AWS::CloudFront::Distribution",
            {"DistributionConfig": {"ViewerCertificate": {"SslSupportMethod": "vip"}}},
            "addresses of its own",
        ),
    ],
)
def test_settings_that_are_charged_by_the_hour_are_refused(
    type_: str, properties: dict[str, Any], reason: str
) -> None:
    with pytest.raises(AlwaysOnResourceError, match=reason):
        list(classify(_stack(type_, properties)))


def test_a_queue_that_lambda_reads_is_asked_all_the_time_and_a_stream_is_not() -> None:
    for source, idle in (("AWS::SQS::Queue", Idle.POLLING), ("AWS::DynamoDB::Table", Idle.NOTHING)):
        mapping = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"EventSourceArn": {"Fn::GetAtt": ["Source", "Arn"]}},
        }
        properties = {"BillingMode": "PAY_PER_REQUEST"}
        template = {"Resources": {"Source": {"Type": source, "Properties": properties}, "Mapping": mapping}}
        assert {name: kind for name, _, kind in classify(template)}["Mapping"] is idle
        polled = [line for line in idle_lines(template, UNUSED) if line.what == "polled queues"]
        assert (polled[0].usd > 0.2) == (idle is Idle.POLLING)


def test_an_unused_model_costs_its_alarms_its_metrics_and_its_schedules(churn: Template) -> None:
    [definition] = [each for each in load_definitions(DEFINITIONS) if each.name == "churn"]
    found = estimate(churn.document, definition, UNUSED)
    assert all(line.idle for line in found.lines)
    assert found.usd == found.idle_usd
    assert found.usd_per_thousand is None
    units = {line.what: line.units for line in found.lines}
    assert units["alarms"] == len(churn.of_type("AWS::CloudWatch::Alarm"))
    assert units["metrics of the watch"] == len(ALWAYS)
    assert {what.partition(":")[0] for what in units} == {
        "alarms",
        "dashboards",
        "metrics of the watch",
        "watch",
        "look at experiments",
    }


def test_what_counts_as_idle_is_what_a_watch_writes_while_nobody_predicts() -> None:
    log = io.StringIO()
    model = WatchedModel()
    EmfWatchMetrics(log).record(model.watch(), model.definition)
    (line,) = [json.loads(each) for each in log.getvalue().splitlines()]
    written = {each["Name"] for each in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert written | {telemetry.RETRAININGS, telemetry.RETRAINING_STORMS} == set(ALWAYS)


def test_the_watch_of_a_busy_model_writes_a_metric_for_each_captured_feature(churn: Template) -> None:
    definition = watched_definition()
    assert while_used(definition, rows=0, hours=730) == 0
    assert while_used(definition, rows=1, hours=730) < len(WHILE_USED) + 0.1
    busy = len(WHILE_USED + OF_FULL_WINDOWS) + len(definition.serving.capture)
    assert while_used(definition, rows=1e6, hours=730) == busy
    lines = {each.what: each for each in estimate(churn.document, definition, Usage()).lines}
    assert (lines["metrics of what is watched"].units, lines["metrics of what is watched"].idle) == (
        busy,
        False,
    )


def test_the_readme_tells_what_the_sample_model_costs_while_idle(churn: Template) -> None:
    sample = load_definition(PROJECT / "models/breast-cancer.yaml")
    lines = estimate(churn.document, sample, UNUSED).lines
    usd = sum(line.usd for line in lines if line.price is not prices.DASHBOARD)
    told = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert f"some {usd:.2f} dollars a month" in told.replace("\n", " ")


def test_a_dashboard_of_many_metrics_is_none_of_the_free_ones() -> None:
    for metrics, free in ((50, 1), (51, 0)):
        body = json.dumps({"widgets": [{"properties": {"metrics": [["A", "b"]] * metrics}}]})
        lines = idle_lines(_stack("AWS::CloudWatch::Dashboard", {"DashboardBody": body}), UNUSED)
        assert sum(line.usd for line in lines) == 3.0
        assert free_usd(lines) == ({"CloudWatch": 3.0} if free else {})


def test_looking_stored_features_up_costs_metrics_log_lines_and_reads(churn: Template) -> None:
    [online] = [each for each in load_definitions(DEFINITIONS) if each.online]
    usage = Usage(requests=1_000_000)
    looks, plain = (
        {line.what: line for line in estimate(churn.document, each, usage).lines}
        for each in (online, replace(online, online=None))
    )
    assert looks["metrics of requests"].units - plain["metrics of requests"].units == 4
    more = looks["prediction log and metrics lines"].units - plain["prediction log and metrics lines"].units
    assert more == pytest.approx(_look_up_line() * 1e6 / 1e9, rel=0.1)
    assert "stored features" not in plain
    assert sum(line.usd for line in feature_lines(Usage(feature_gb=10, feature_puts=0))) == pytest.approx(4.5)
    assert sum(line.usd for line in feature_lines(Usage(feature_gb=0, feature_puts=1e6))) == pytest.approx(
        0.75
    )


def _look_up_line() -> int:
    log = io.StringIO()
    EmfLookUpMetrics(model="breast-cancer", stream=log).record(
        rows=1, defaults=0, unavailable=0, seconds=0.00412, at=MORNING
    )
    return len(log.getvalue())


def test_requests_cost_in_proportion_and_nothing_else_grows_with_them(churn: Template) -> None:
    [definition] = [each for each in load_definitions(DEFINITIONS) if each.name == "churn"]
    few, many = (estimate(churn.document, definition, Usage(requests=n)) for n in (1_000_000, 3_000_000))
    assert few.usd_per_thousand == pytest.approx(many.usd_per_thousand)
    assert few.usd_per_thousand is not None
    assert many.usd - few.usd == pytest.approx(2_000 * few.usd_per_thousand)
    assert sum(many.by_service.values()) == pytest.approx(many.usd)


def test_a_model_with_snapshots_pays_for_those_that_are_kept(templates: dict[str, Template]) -> None:
    lines = {line.what: line for line in idle_lines(templates["Lambdaloop-price"].document, UNUSED)}
    assert lines["kept snapshots"].units == 2 * 2 * 730 * 3600  # GB, versions, a month
    assert "kept snapshots" not in {
        line.what for line in idle_lines(templates["Lambdaloop-churn"].document, UNUSED)
    }


def test_what_is_free_takes_off_no_more_than_was_used() -> None:
    used = [
        Line(what="alarms", price=prices.ALARM_METRIC, units=27),
        Line(what="metrics", price=prices.METRIC, units=4),
        Line(what="more metrics", price=prices.METRIC, units=3),
        Line(what="requests", price=prices.HTTP_REQUEST, units=5e6),
    ]
    assert free_usd(used) == {"CloudWatch": pytest.approx(10 * 0.10 + 7 * 0.30)}


def test_a_workflow_is_charged_for_each_state_that_it_enters() -> None:
    watch = json.loads((GOLDEN / "watch.asl.json").read_text())
    assert transitions(watch) == len(["the start", "Watch model", "Govern retraining", "Watched"])
    training = json.loads((GOLDEN / "training.asl.json").read_text())
    one, three = (transitions(training, iterations=n) for n in (1, 3))
    assert three - one == 2 * 2  # for each candidate its start and its only state


def test_every_price_names_the_page_that_publishes_it() -> None:
    table = [each for each in vars(prices).values() if isinstance(each, prices.Price)]
    assert len(table) > 20
    assert all(each.source.startswith("https://aws.amazon.com/") and each.usd > 0 for each in table)


def _stack(type_: str, properties: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"Resources": {"Thing": {"Type": type_, "Properties": properties or {}}}}
