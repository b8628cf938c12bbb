from datetime import timedelta
from typing import Any

import pytest

from lambdaloop.definition_schema import parse_definition
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import DefinitionInvalidError
from lambdaloop.domain.online_rules import FeatureGroup, Online
from lambdaloop.domain.shared_groups import shared_groups

TEXT = """
name: {name}
task: binary
target: left
classes: ["no", "yes"]
{entity}
features:
  age: {{type: number}}
  spend: {{type: {spend}, nullable: {nullable}}}
  plan: {{type: category, categories: [a, b], unexpected: reject}}
data: {{location: {location}}}
training: {{metric: roc_auc, candidates: [{{name: linear, estimator: logistic_regression}}]}}
{online}
"""


def read(
    online: str = "",
    *,
    name: str = "churn",
    entity: str = "entity: customer",
    location: str = "churn/",
    spend: str = "number",
    nullable: str = "false",
) -> ModelDefinition:
    section = f"online: {{groups: {{spending: {{{online}}}}}}}" if online else ""
    text = TEXT.format(
        name=name, entity=entity, location=location, spend=spend, nullable=nullable, online=section
    )
    return parse_definition(text, source="models/churn.yaml")


def test_a_group_names_features_with_their_defaults_and_how_old_they_may_be() -> None:
    online = read("ttl: 30d, features: {spend: 0.5, plan: a}").online
    assert online is not None
    assert online.groups["spending"].max_age == timedelta(days=30)
    assert online.defaults == {"spend": 0.5, "plan": "a"}
    assert not online.groups["spending"].required


def test_a_definition_that_stores_no_features_says_nothing_about_them() -> None:
    assert "online" not in to_document(read())


def test_functions_read_the_section_as_it_was_written() -> None:
    written = read("ttl: 90, features: {spend: null, plan: a}, required: true", nullable="true")
    assert from_document(ModelDefinition, to_document(written)) == written


@pytest.mark.parametrize(
    ("ttl", "age"),
    [
        (90, timedelta(seconds=90)),
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("12h", timedelta(hours=12)),
        ("none", None),
    ],
)
def test_a_time_to_live_is_seconds_or_a_text_with_its_unit(ttl: int | str, age: timedelta | None) -> None:
    assert FeatureGroup(features={"spend": 0}, ttl=ttl).max_age == age


@pytest.mark.parametrize("ttl", [0, -1, True, "0d", "30", "1w", "99999999999d", ""])
def test_any_other_time_to_live_is_refused(ttl: Any) -> None:
    with pytest.raises(ValueError, match=r"ttl must be whole seconds above 0, a text such as 90s"):
        FeatureGroup(features={"spend": 0}, ttl=ttl)


@pytest.mark.parametrize(
    ("online", "changes", "problem"),
    [
        ("features: {}", {}, "features must name at least one feature and its default"),
        ("features: {spent: 0}", {}, "online.groups names unknown features: spent"),
        ("features: {spend: much}", {}, "the default of spend must be a number, got 'much'"),
        ("features: {spend: null}", {}, "the default of spend is missing: give a value"),
        ("features: {plan: c}", {}, "the default of plan must be one of a, b, got 'c'"),
        ("features: {spend: 0}", {"entity": ""}, "online looks features up by entity: name the column"),
        (
            "features: {spend: 0}",
            {"location": "features/spending"},
            "data.location must not lie in features/",
        ),
        ("features: {spend: 0}, ttl: soon", {}, "ttl must be"),
        ("features: {spend: 0}, stale: 1", {}, "unknown field"),
    ],
)
def test_what_does_not_fit_is_told(online: str, changes: dict[str, str], problem: str) -> None:
    with pytest.raises(DefinitionInvalidError, match=problem):
        read(online, **changes)


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"groups": {}}, "groups must name 1 to 10 groups, got 0"),
        ({"groups": {"A#b": {"features": {"spend": 0}}}}, "the name of a group must be"),
        (
            {"groups": {"one": {"features": {"spend": 0}}, "two": {"features": {"spend": 0}}}},
            "a feature belongs to one group, in several: spend",
        ),
        ({"groups": {"one": {"features": {"spend": 0}}}, "timeout_ms": 9}, "timeout_ms must be 10 to 5000"),
        (
            {"groups": {"one": {"features": {"spend": 0}}}, "event_time": "left"},
            "online.event_time must be a column of its own, 'left' is target or entity",
        ),
    ],
)
def test_what_a_section_lacks_is_told(section: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        from_document(Online, section).check(read())


def test_a_request_may_not_wait_longer_than_the_function_runs() -> None:
    document = {**to_document(read("features: {spend: 0}")), "serving": {"timeout_seconds": 1}}
    document["online"] = {**document["online"], "timeout_ms": 501}
    with pytest.raises(ValueError, match=r"timeout_ms must be at most half of serving\.timeout_seconds"):
        from_document(ModelDefinition, document)


def test_models_share_a_group_and_whoever_puts_serves_all_of_them() -> None:
    groups = shared_groups(
        [
            read("features: {spend: 0}, ttl: 1h"),
            read("features: {plan: a, spend: null}, ttl: 2h", name="other", nullable="true"),
            read(name="third"),
        ]
    )
    assert list(groups["spending"].features) == ["spend", "plan"]
    assert groups["spending"].features["spend"].nullable, "one of the models takes missing values"
    assert groups["spending"].ttl_seconds == 7200


def test_what_one_model_keeps_for_ever_does_not_expire() -> None:
    groups = shared_groups(
        [read("features: {spend: 0}, ttl: 1h"), read("features: {spend: 0}", name="other")]
    )
    assert groups["spending"].ttl_seconds is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"entity": "entity: user"}, "its entity is 'user', that of other models 'customer'"),
        ({"spend": "integer"}, "spend has type integer, for other models number"),
    ],
)
def test_models_must_mean_the_same_by_a_group(changes: dict[str, str], problem: str) -> None:
    one, other = read("features: {spend: 0}"), read("features: {spend: 0}", name="other", **changes)
    with pytest.raises(DefinitionInvalidError, match=problem):
        shared_groups([one, other])
