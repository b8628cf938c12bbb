import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto.logs.models import logs_backends

from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from scripts.localcloud.cloudwatch.embedded_metrics import InvalidEmbeddedMetricError, extract
from scripts.localcloud.cloudwatch.log_patterns import InvalidPatternError, compile_pattern
from tests.localcloud.eventing_cloud import EventingCloud, eventing_cloud, function_arn

NOW = 1_800_000_000.0
LINE = json.dumps(
    {
        "level": "ERROR",
        "status": 503,
        "latency": 1.5e2,
        "user": {"name": "ann", "tags": ["a", "b"]},
        "items": [{"id": 1}, {"id": 2}],
        "ok": False,
        "error": None,
        "a key": "x",
        "ip": "10.1.2.3",
    }
)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("", True),
        ("ERROR", True),
        ("Error", False),
        ("ERROR ann", True),
        ("ERROR bob", False),
        ("?bob ?ann", True),
        ("?bob ?zoe", False),
        ("ERROR -ann", False),
        ("ERROR -bob", True),
        ('"\\"level\\": \\"ERROR\\""', True),
        ("%50[0-9]%", True),
        ("%51[0-9]%", False),
        ('{ $.level = "ERROR" }', True),
        ('{ $.level = "ERR*" }', True),
        ("{ $.level = ERROR }", True),
        ('{ $.level != "ERROR" }', False),
        ('{ $.nothing != "ERROR" }', False),
        ("{ $.nothing NOT EXISTS }", True),
        ("{ $.level NOT EXISTS }", False),
        ("{ $.error IS NULL }", True),
        ("{ $.nothing IS NULL }", False),
        ("{ $.ok IS FALSE }", True),
        ("{ $.ok IS TRUE }", False),
        ("{ $.status = 503 }", True),
        ("{ $.status = 5.03e2 }", True),
        ("{ $.status >= 500 && $.status < 504 }", True),
        ("{ $.status > 503 }", False),
        ("{ $.level > 1 }", False),
        ('{ $.level = "INFO" || $.latency > 100 }', True),
        ('{ $.level = "INFO" || $.latency > 100 && $.ok IS TRUE }', False),
        ('{ ($.level = "INFO" || $.latency > 100) && $.ok IS FALSE }', True),
        ('{ $.user.name = "ann" }', True),
        ('{ $.user.tags[1] = "b" }', True),
        ("{ $.items[*].id = 2 }", True),
        ("{ $.items[*].id = 3 }", False),
        ('{ $.["a key"] = "x" }', True),
        ("{ $.ip = 10.1.* }", True),
        ("{ $.level = %^E.*R$% }", True),
    ],
)
def test_a_filter_pattern_decides_as_aws_documents_it(pattern: str, matches: bool) -> None:
    assert compile_pattern(pattern)(LINE) is matches


@pytest.mark.parametrize("message", ["ERROR not json", '{"level": "ERR', "[1, 2]", '"ERROR"'])
def test_a_json_pattern_matches_json_objects_only(message: str) -> None:
    assert not compile_pattern('{ $.level NOT EXISTS || $.level = "*" }')(message)


@pytest.mark.parametrize(
    "pattern",
    ["{ $.a = }", "{ $.a = 1", "{ a = 1 }", "{ $.a == 1 }", "{ $.a IS GREEN }", "{ $.a > b }", "{ }", "{ ($.a = 1 }",
     "[ip, user]", "two-words", '"open', "%(a)%", "%[%"],
)  # fmt: skip
def test_a_filter_pattern_that_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPatternError):
        compile_pattern(pattern)


@given(st.text(max_size=40))
def test_any_text_is_a_pattern_or_refused_but_never_a_crash(text: str) -> None:
    try:
        matches = compile_pattern(text)
    except InvalidPatternError:
        return
    assert matches(LINE) in (True, False)


def embedded(**changes: Any) -> str:
    directive = {
        "Namespace": "Lambdaloop",
        "Dimensions": [["Model"], ["Model", "Release"]],
        "Metrics": [{"Name": "Latency", "Unit": "Milliseconds"}, {"Name": "Rows"}],
    }
    document = {
        "_aws": {
            "Timestamp": int(NOW * 1000),
            "CloudWatchMetrics": [directive | changes.pop("directive", {})],
        },
        "Model": "churn",
        "Release": "3",
        "Latency": [1, 2.5],
        "Rows": 7,
    }
    return json.dumps(document | changes)


def test_an_embedded_metric_becomes_one_metric_per_dimension_set() -> None:
    found = extract(embedded(), NOW)
    assert [(one.namespace, one.datum["MetricName"], len(one.datum["Dimensions"])) for one in found] == [
        ("Lambdaloop", "Latency", 1),
        ("Lambdaloop", "Latency", 2),
        ("Lambdaloop", "Rows", 1),
        ("Lambdaloop", "Rows", 2),
    ]
    assert found[0].datum["Values"] == [1.0, 2.5]
    assert (found[0].datum["Unit"], found[2].datum["Unit"]) == ("Milliseconds", "None")
    assert found[0].datum["Timestamp"].timestamp() == NOW


@pytest.mark.parametrize(
    "changes",
    [
        {"Model": 7},
        {"Model": ""},
        {"Latency": "fast"},
        {"Latency": True},
        {"Latency": []},
        {"Latency": [1] * 101},
        {"Latency": float("nan")},
        {"Latency": float("inf")},
        {"Latency": 2.0**361},
        {"directive": {"Namespace": ""}},
        {"directive": {"Dimensions": []}},
        {"directive": {"Dimensions": [["Missing"]]}},
        {"directive": {"Dimensions": [[f"d{n}" for n in range(31)]]}, **{f"d{n}": "x" for n in range(31)}},
        {"directive": {"Metrics": [{"Name": "Missing"}]}},
        {"directive": {"Metrics": [{"Name": "Rows", "Unit": "Furlongs"}]}},
        {"directive": {"Metrics": [{"Name": "Rows", "StorageResolution": 7}]}},
        {"directive": {"Metrics": [{"Name": "Rows"}] * 101}},
        {"_aws": {"Timestamp": 1, "CloudWatchMetrics": []}},
        {"_aws": {"CloudWatchMetrics": []}},
        {"_aws": []},
    ],
)
def test_an_invalid_embedded_metric_yields_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidEmbeddedMetricError):
        extract(embedded(**changes), NOW)


class Group:
    """A log group /aws/lambda/f with one stream."""

    name = "/aws/lambda/f"

    def __init__(self, running: EventingCloud) -> None:
        self.running = running
        self.logs = running.client("logs")
        self.logs.create_log_group(logGroupName=self.name)
        self.logs.create_log_stream(logGroupName=self.name, logStreamName="s")

    def write(self, *messages: str) -> None:
        now = int(self.running.now * 1000)
        self.logs.put_log_events(
            logGroupName=self.name,
            logStreamName="s",
            logEvents=[{"timestamp": now + n, "message": message} for n, message in enumerate(messages)],
        )

    def found(self, pattern: str = "") -> list[str]:
        events = self.logs.filter_log_events(logGroupName=self.name, filterPattern=pattern)["events"]
        return [event["message"] for event in events]

    def metric(self, namespace: str, name: str, statistic: str = "Sum", **dimensions: str) -> list[float]:
        points = self.running.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=self.running.now - 60,
            EndTime=self.running.now + 60,
            Period=60,
            Statistics=[statistic],
        )["Datapoints"]
        return [point[statistic] for point in points]

    def metric_filter(self, pattern: str, name: str = "count", **transformation: Any) -> None:
        settings = {"metricName": "Errors", "metricNamespace": "N", "metricValue": "1"}
        self.logs.put_metric_filter(
            logGroupName=self.name,
            filterName=name,
            filterPattern=pattern,
            metricTransformations=[settings | transformation],
        )

    def subscribe(self, arn: str, pattern: str, name: str = "sub", *, role: str) -> None:
        self.logs.put_subscription_filter(
            logGroupName=self.name, filterName=name, filterPattern=pattern, destinationArn=arn, roleArn=role
        )

    def stream(self) -> str:
        """A delivery stream to the bucket `bucket`; its ARN."""
        self.running.client("s3").create_bucket(Bucket="bucket")
        arn: str = self.running.client("firehose").create_delivery_stream(
            DeliveryStreamName="d",
            S3DestinationConfiguration={
                "BucketARN": "arn:aws:s3:::bucket",
                "RoleARN": self.running.service_role("firehose", "s3:PutObject"),
            },
        )["DeliveryStreamARN"]
        return arn


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    with eventing_cloud(tmp_path) as running:
        yield Group(running)


@pytest.mark.localcloud
def test_a_line_with_embedded_metrics_is_a_log_line_and_a_metric(group: Group) -> None:
    line = json.loads(embedded())
    line["_aws"]["Timestamp"] = int(group.running.now * 1000)
    group.write(json.dumps(line), "plain text")
    assert group.metric("Lambdaloop", "Latency", Model="churn") == [3.5]
    assert group.metric("Lambdaloop", "Latency", "SampleCount", Model="churn", Release="3") == [2]
    assert len(group.found()) == 2


@pytest.mark.localcloud
def test_a_line_with_a_broken_metric_stays_and_is_counted(group: Group) -> None:
    group.write(embedded(Model=7), '{"_aws": nonsense')
    assert len(group.found()) == 2
    assert group.metric("AWS/Logs", "EMFValidationErrors", LogGroupName=group.name) == [2]


@pytest.mark.localcloud
def test_a_metric_filter_counts_matching_lines(group: Group) -> None:
    group.metric_filter('{ $.level = "WARN" }')
    group.metric_filter('{ $.level = "ERROR" }')  # the same name: replaced
    group.write('{"level": "ERROR"}', '{"level": "WARN"}', '{"level": "ERROR"}', "ERROR")
    assert group.metric("N", "Errors") == [2]


@pytest.mark.localcloud
def test_a_metric_filter_reads_values_and_dimensions_from_the_line(group: Group) -> None:
    group.metric_filter("{ $.ms > 0 }", metricName="Ms", metricValue="$.ms", dimensions={"Model": "$.model"})
    group.write(
        '{"ms": 5, "model": "a"}', '{"ms": 7, "model": "a"}', '{"ms": 9}', '{"ms": "x", "model": "a"}'
    )
    assert group.metric("N", "Ms", Model="a") == [12]
    assert group.metric("N", "Ms") == []


@pytest.mark.localcloud
def test_a_default_value_stands_for_minutes_without_a_match(group: Group) -> None:
    group.metric_filter("ERROR", defaultValue=0.0)
    group.write("fine")
    assert group.metric("N", "Errors") == [0]
    assert group.metric("N", "Errors", "SampleCount") == [1]


@pytest.mark.localcloud
@pytest.mark.parametrize(
    "settings",
    [
        {"pattern": "{ $.a"},
        {"pattern": "", "metricValue": "one"},
        {"pattern": "", "dimensions": {"a": "$.a"}, "defaultValue": 0.0},
    ],
)
def test_a_metric_filter_that_cannot_work_is_refused(group: Group, settings: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        group.metric_filter(**settings)


@pytest.mark.localcloud
def test_filter_log_events_finds_what_a_json_pattern_matches(group: Group) -> None:
    group.write('{"level": "ERROR"}', '{"level": "INFO"}', "ERROR")
    assert group.found('{ $.level = "ERROR" }') == ['{"level": "ERROR"}']
    assert group.found("ERROR") == ['{"level": "ERROR"}', "ERROR"]
    with pytest.raises(ClientError, match="InvalidParameterException"):
        group.found("{ $.level")


@pytest.mark.localcloud
def test_a_function_gets_only_the_lines_it_subscribed_to(group: Group) -> None:
    filters = logs_backends[ACCOUNT_ID][REGION].groups[
        group.name
    ]  # moto wants a function with code otherwise
    filters.put_subscription_filter("sub", '{ $.kind = "capture" }', function_arn("f"), "")
    group.write('{"kind": "capture", "n": 1}', "noise", '{"kind": "capture", "n": 2}')
    group.write("noise only")
    group.running.deliver()
    [event] = group.running.functions.events
    envelope = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    messages = [json.loads(one["message"])["n"] for one in envelope.pop("logEvents")]
    assert messages == [1, 2]
    assert envelope == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT_ID,
        "logGroup": group.name,
        "logStream": "s",
        "subscriptionFilters": ["sub"],
    }


@pytest.mark.localcloud
def test_a_subscription_with_a_bad_pattern_or_a_third_one_is_refused(group: Group) -> None:
    arn = group.stream()
    role = group.running.service_role("logs", "firehose:PutRecord")
    with pytest.raises(ClientError, match="InvalidParameterException"):
        group.subscribe(arn, "{ $.a", role=role)
    group.subscribe(arn, "a", "one", role=role)
    group.subscribe(arn, "b", "two", role=role)
    group.subscribe(arn, "c", "two", role=role)  # an update, not a third one
    with pytest.raises(ClientError, match="LimitExceeded"):
        group.subscribe(arn, "d", "three", role=role)
    [changed] = group.logs.describe_subscription_filters(logGroupName=group.name, filterNamePrefix="two")[
        "subscriptionFilters"
    ][-1:]
    assert changed["filterPattern"] == "c"


@pytest.mark.localcloud
def test_an_insights_query_that_moto_would_half_answer_is_refused(group: Group) -> None:
    wanted = {"logGroupName": group.name, "startTime": 0, "endTime": int(group.running.now) + 60}
    group.logs.start_query(**wanted, queryString="fields @message | sort @timestamp desc | limit 5")
    with pytest.raises(ClientError, match="stats"):
        group.logs.start_query(**wanted, queryString="fields @message | stats count(*)")
