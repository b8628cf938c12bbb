"""Every alarm reaches the function that tells people; what is wrong with that one reaches them without it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.alert_plan import read_alert_plan
from infra.app import build, new_app
from infra.config import Config
from infra.errors import AlertPlanInvalidError
from lambdaloop.domain.alert_rules import AlertChannel, AlertPlan
from tests.infra.synthesis import Resource, Template, config_of, read_templates

PLAN = {
    "channels": [
        {"name": "ops", "kind": "slack", "parameter": "/lambdaloop/alerts/ops", "least": "critical"},
        {"name": "pager", "kind": "webhook", "parameter": "/lambdaloop/alerts/pager"},
    ]
}


def alarms(templates: dict[str, Template]) -> Iterator[tuple[str, Resource]]:
    for template in templates.values():
        for alarm in template.of_type("AWS::CloudWatch::Alarm").values():
            yield alarm["AlarmName"], alarm


def topic_of(action: dict[str, Any]) -> str:
    return str(action.get("Fn::ImportValue") or action["Ref"])


def test_alarms_publish_where_the_function_listens_and_its_own_publish_to_people(
    templates: dict[str, Template], platform: Template
) -> None:
    direct = {
        name
        for name, alarm in alarms(templates)
        if "AlertsAlarmTopic" not in topic_of(alarm["AlarmActions"][0])
    }
    assert direct == {"lambdaloop-alerts-undelivered"}
    [subscription] = platform.of_type("AWS::SNS::Subscription").values()
    assert "AlertsAlarmTopic" in subscription["TopicArn"]["Ref"]
    assert "SendAlerts" in subscription["Endpoint"]["Fn::GetAtt"][0]
    news = {"$or": [{"NewStateValue": ["ALARM"]}, {"OldStateValue": ["ALARM"]}]}
    assert (subscription["FilterPolicy"], subscription["FilterPolicyScope"]) == (news, "MessageBody")
    [permission] = [
        each
        for each in platform.of_type("AWS::Lambda::Permission").values()
        if each["Principal"] == "sns.amazonaws.com"
    ]
    assert permission["SourceArn"] == subscription["TopicArn"]


def test_names_of_alarms_do_not_collide(templates: dict[str, Template]) -> None:
    names = [name for name, _ in alarms(templates)]
    assert len(set(names)) == len(names)


def test_what_it_was_told_is_kept_apart_and_secrets_are_none_without_channels(platform: Template) -> None:
    statements = list(platform.grants("send_alerts"))
    actions = {str(action) for each in statements for action in _listed(each["Action"])}
    assert actions == {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sns:Publish",
        "sqs:SendMessage",
    }
    [table] = [each for each in statements if "dynamodb:Query" in each["Action"]]
    assert table["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["ALERTS"]}}


def test_each_channel_adds_one_parameter_to_read_and_one_alarm(checkout: Path, tmp_path: Path) -> None:
    given = config_of(checkout, definitions=[])
    app = new_app(outdir=tmp_path)
    config = Config(definitions=[], packages=given.packages, alerts=read_alert_plan(PLAN))
    build(app, config)
    app.synth()
    template = read_templates(tmp_path)["Lambdaloop"]
    [secrets] = [each for each in template.grants("send_alerts") if each["Action"] == "ssm:GetParameter"]
    tails = [str(each["Fn::Join"][1][-1]) for each in secrets["Resource"]]
    assert tails == [":parameter/lambdaloop/alerts/ops", ":parameter/lambdaloop/alerts/pager"]
    names = {each["AlarmName"] for each in template.of_type("AWS::CloudWatch::Alarm").values()}
    assert {"lambdaloop-alerts-failing.ops", "lambdaloop-alerts-failing.pager"} <= names
    assert "https" not in str(template.functions()["send_alerts"]["Environment"])


def test_the_plan_is_read_from_an_object_and_from_text() -> None:
    plan = read_alert_plan(PLAN)
    assert plan.channels[0] == AlertChannel(
        name="ops", kind="slack", parameter="/lambdaloop/alerts/ops", least="critical"
    )
    assert read_alert_plan('{"cool_down_minutes": 30}') == AlertPlan(cool_down_minutes=30)
    assert read_alert_plan(None) == AlertPlan()


@pytest.mark.parametrize(
    ("context", "says"),
    [
        ("no json", "Expecting value"),
        ({"chanels": []}, "unknown chanels"),
        ({"least": "fatal"}, "least must be"),
        ({"cool_down_minutes": 1}, "5 to 1440, got 1"),
        ({"channels": [{"name": "ops", "kind": "irc", "parameter": "/p"}]}, "kind must be"),
        ({"channels": [{"name": "Ops!", "kind": "slack", "parameter": "/p"}]}, "got 'Ops!'"),
        (
            {"channels": [{"name": "ops", "kind": "slack", "parameter": "https://hooks"}]},
            "got 'https://hooks'",
        ),
        ({"channels": [{"name": "topic", "kind": "slack", "parameter": "/p"}]}, "'topic' is taken"),
        ({"channels": [{"name": "ops", "kind": "slack", "parameter": "/p", "url": "x"}]}, "unknown url"),
        (
            {
                "channels": [
                    {"name": f"c{n}", "kind": "slack", "parameter": f"/{n}{'p' * 190}"} for n in range(10)
                ]
            },
            "at most 2000 fit",
        ),
    ],
    ids=["text", "name", "severity", "minutes", "kind", "channel", "parameter", "taken", "url", "size"],
)
def test_a_plan_that_cannot_be_followed_stops_the_synthesis(context: object, says: str) -> None:
    with pytest.raises(AlertPlanInvalidError, match=r"context alerts.*") as caught:
        read_alert_plan(context)
    assert says in str(caught.value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
