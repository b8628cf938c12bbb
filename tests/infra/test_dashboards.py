"""Dashboards of CloudWatch: three for nothing, within the limits, of the metrics that the alarms watch."""

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from infra.app import build, new_app
from infra.config import Config
from infra.costs import prices
from infra.costs.deployed_model import DeployedModel
from infra.errors import UnknownDashboardsError
from infra.metrics import ModelNames, Panel
from infra.panels import model_panels, platform_panels
from tests.infra.synthesis import Template, config_of, read_templates

SCHEMA = json.loads(Path(__file__).with_name("cloudwatch_dashboard.schema.json").read_text(encoding="utf-8"))


def _filled(value: Any) -> str:
    """The text of a body; every reference becomes a name that could be real."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(map(_filled, parts))
    if "Fn::GetAtt" in value:
        return f"arn:aws:service:eu-west-1:123456789012:{value['Fn::GetAtt'][0]}"
    return (
        "eu-west-1"
        if value.get("Ref") == "AWS::Region"
        else str(value.get("Ref") or value["Fn::ImportValue"])
    )


def bodies(templates: dict[str, Template]) -> dict[str, dict[str, Any]]:
    found = {}
    for template in templates.values():
        for each in template.of_type("AWS::CloudWatch::Dashboard").values():
            found[each["DashboardName"]] = json.loads(_filled(each["DashboardBody"]))
    return found


def metrics_of(body: dict[str, Any]) -> set[tuple[str, str]]:
    """Namespace and name."""
    graphs = [each["properties"]["metrics"] for each in body["widgets"] if each["type"] == "metric"]
    return {(metric[0], metric[1]) for graph in graphs for metric in graph}


def test_the_platform_and_two_models_have_one_for_nothing(templates: dict[str, Template]) -> None:
    assert set(bodies(templates)) == {"lambdaloop", "lambdaloop-churn", "lambdaloop-credit"}


def test_those_for_nothing_refer_to_no_more_metrics_than_aws_allows(templates: dict[str, Template]) -> None:
    counts = [sum(DeployedModel(each.document).dashboards) for each in templates.values()]
    assert 0 < max(counts) <= prices.DASHBOARD_METRICS
    names = ModelNames(**dict.fromkeys((each.name for each in fields(ModelNames)), "x"))
    many = [f"n{number}" for number in range(60)]
    for most, model, platform in ((50, 50, 47), (None, 66, 302)):
        assert metrics_in(model_panels(names, features=many, most=most)) == model
        assert metrics_in(platform_panels(many, queues=[("a", "a"), ("b", "b")], most=most)) == platform


def metrics_in(panels: Sequence[Panel]) -> int:
    return sum(len(panel.metrics) for panel in panels)


@pytest.mark.parametrize(("asked", "count"), [("none", 0), ("all", 4)])
def test_more_of_them_are_made_for_who_asks(asked: Any, count: int, checkout: Path) -> None:
    given = config_of(checkout)
    config = Config(definitions=given.definitions, packages=given.packages, dashboards=asked)
    assert len(config.with_dashboard) == count


def test_without_dashboards_there_is_none(checkout: Path, tmp_path: Path) -> None:
    given = config_of(checkout, definitions=[])
    app = new_app(outdir=tmp_path)
    build(app, Config(definitions=[], packages=given.packages, dashboards="none"))
    app.synth()
    assert bodies(read_templates(tmp_path)) == {}


def test_an_unknown_choice_is_refused_by_name() -> None:
    app = new_app(context={"dashboards": "some"})
    with pytest.raises(UnknownDashboardsError, match="none, free or all, got 'some'"):
        Config.from_context(app.node)


def test_every_body_is_what_cloudwatch_documents(templates: dict[str, Template]) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    for name, body in bodies(templates).items():
        validator.validate(body)
        lines = [len(each["properties"].get("metrics", ())) for each in body["widgets"]]
        assert sum(lines) <= 2500, name


def test_nothing_lies_over_anything_else(templates: dict[str, Template]) -> None:
    for body in bodies(templates).values():
        taken = [
            (x, y)
            for each in body["widgets"]
            for x in range(each["x"], each["x"] + each["width"])
            for y in range(each["y"], each["y"] + each["height"])
        ]
        assert len(set(taken)) == len(taken)
        assert max(x for x, _ in taken) < 24


def test_a_dashboard_shows_every_alarm_of_its_model_and_the_metrics_behind_them(
    templates: dict[str, Template], churn: Template
) -> None:
    body = bodies(templates)["lambdaloop-churn"]
    [shown] = [each["properties"]["alarms"] for each in body["widgets"] if each["type"] == "alarm"]
    alarms = churn.of_type("AWS::CloudWatch::Alarm")
    names = {alarm["AlarmName"] for alarm in alarms.values()}
    elsewhere = {"lambdaloop-churn-experiment-failed", "lambdaloop-churn-experiment-timed-out"}
    assert len(shown) == len(names - elsewhere)
    watched = {
        (alarm["Namespace"], alarm["MetricName"])
        for alarm in alarms.values()
        if "MetricName" in alarm and alarm["Namespace"] in ("Lambdaloop", "AWS/Lambda")
    }
    not_drawn = {("Lambdaloop", "model_data_quality_problems"), ("Lambdaloop", "model_baseline_missing")}
    assert watched - not_drawn <= metrics_of(body)


def test_limits_of_the_definition_are_lines(templates: dict[str, Template]) -> None:
    body = bodies(templates)["lambdaloop-churn"]
    lines = [
        line["value"]
        for each in body["widgets"]
        if each["type"] == "metric"
        for line in each["properties"].get("annotations", {}).get("horizontal", ())
    ]
    assert {0.01, 1000} <= set(lines)
