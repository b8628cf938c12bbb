"""What people type into a model definition, and what they are told about it."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from lambdaloop.definition_schema import json_schema, load_definition, load_definitions, parse_definition
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import DefinitionInvalidError

DEFINITION = """\
name: churn
task: binary
target: churned
classes: ["no", "yes"]
entity: customer
features:
  tenure: {type: integer, min: 0, max: 72}
  plan: {type: category, categories: [basic, pro]}
  charges: {type: number, nullable: true}
data: {location: churn/}
training:
  metric: roc_auc
  candidates:
    - {name: linear, estimator: logistic_regression, parameters: {C: 0.5, max_iter: 200}}
gate:
  minimum: {roc_auc: 0.7}
"""


def problem(old: str, new: str) -> str:
    """What is said when `old` is typed as `new`."""
    assert old in DEFINITION
    with pytest.raises(DefinitionInvalidError) as error:
        parse_definition(DEFINITION.replace(old, new), source="models/churn.yaml")
    return str(error.value)


def test_a_valid_definition_is_read_with_its_defaults() -> None:
    definition = parse_definition(DEFINITION, source="models/churn.yaml")
    assert definition.name == "churn"
    assert list(definition.features) == ["tenure", "plan", "charges"]
    assert definition.release.steps == (10, 50, 100)
    assert definition.serving.authorization == "iam"
    assert definition.training.candidates[0].parameters == {"C": 0.5, "max_iter": 200}


def test_a_key_is_a_word_even_where_yaml_has_another_mind() -> None:
    text = f"{DEFINITION}retraining:\n  on: [data]\n"
    assert parse_definition(text, source="models/churn.yaml").retraining.on == ("data",)
    columns = parse_definition(DEFINITION.replace("tenure:", "yes:"), source="models/churn.yaml")
    assert list(columns.features) == ["yes", "plan", "charges"]


def test_a_definition_survives_the_way_to_the_functions_and_back() -> None:
    definition = parse_definition(DEFINITION, source="models/churn.yaml")
    assert from_document(ModelDefinition, json.loads(json.dumps(to_document(definition)))) == definition


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("task: binary", "task: binry", "models/churn.yaml:2: task: input should be 'binary'"),
        ("target: churned\n", "", "models/churn.yaml:1: target: required field is missing"),
        (
            "min: 0, max: 72",
            "min: 80, max: 72",
            "models/churn.yaml:7: features.tenure: min 80.0 is greater than max",
        ),
        ("[basic, pro]", "[]", "models/churn.yaml:8: features.plan: a category feature needs categories"),
        ("nullable: true", "nulable: true", "models/churn.yaml:9: features.charges.nulable: unknown field"),
        ("metric: roc_auc", "metric: rmse", "metric 'rmse' does not fit task binary: use one of roc_auc"),
        ("{roc_auc: 0.7}", "{auc: 0.7}", "metric 'auc' does not fit task binary"),
        ("logistic_regression", "ridge", "candidate 'linear': ridge does not fit task binary"),
        ("name: churn", "name: Churn_1", "name must be 2 to 40 lower case letters, digits or hyphens"),
        ("entity: customer", "entity: tenure", "'tenure' is the entity and must not be a feature"),
        ("target: churned", "target: plan", "'plan' is the target and must not be a feature"),
        ('["no", "yes"]', '["no"]', "task binary needs 2 to 2 classes, got 1"),
        (
            "gate:\n",
            "release: {steps: [50, 10, 100]}\ngate:\n",
            "models/churn.yaml:15: release: steps must rise to 100",
        ),
        ("gate:\n", "release: {min_requests: 0}\ngate:\n", "no traffic is no evidence"),
        (
            "gate:\n",
            "serving: {cors_origins: ['https://app.example.com/']}\ngate:\n",
            "cors_origins must be like https://app.example.com, without a path",
        ),
        (
            "gate:\n",
            "serving: {authorization: jwt}\ngate:\n",
            "authorization jwt and the jwt section belong together",
        ),
        ("gate:\n", "serving: {capture: [age]}\ngate:\n", "capture names unknown features: age"),
        (
            "gate:\n",
            "serving: {capture: [plan]}\nmonitoring: {features: {plan: {method: wasserstein}}}\ngate:\n",
            "monitoring.features.plan: wasserstein needs numbers, got a category: use psi",
        ),
        (
            "gate:\n",
            "monitoring: {features: {plan: {weight: 2}}}\ngate:\n",
            "monitoring.features names features that are not captured: plan: add them to serving.capture",
        ),
        (
            "gate:\n",
            "serving: {capture: [tenure]}\nmonitoring: {segments: [tenure]}\ngate:\n",
            "segment 'tenure' must be a captured feature of type category or boolean",
        ),
        (
            '["no", "yes"]',
            "[no, Yes]",
            'models/churn.yaml:4: classes[0]: YAML reads no as a truth: quote it, "no"',
        ),
        ('["no", "yes"]', "[no, Yes]", "models/churn.yaml:4: classes[1]: YAML reads Yes as a truth"),
        (
            "[basic, pro]",
            "[basic, on]",
            "models/churn.yaml:8: features.plan.categories[1]: YAML reads on as a",
        ),
        (
            "task: binary",
            "task: binary\nname: x",
            "models/churn.yaml:3: 'name' is given in line 1 already: keep one",
        ),
        (
            "nullable: true}",
            "nullable: true}\n  tenure: {type: number}",
            "models/churn.yaml:10: 'tenure' is given in",
        ),
        (
            "{type: integer, min: 0, max: 72}",
            "{type: number, min: .nan}",
            "models/churn.yaml:7: features.tenure: min must",
        ),
        (
            "churn/}",
            "/churn}",
            "models/churn.yaml:10: data: location must be a key prefix without a leading slash",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_fix(old: str, new: str, told: str) -> None:
    assert told in problem(old, new)


def test_every_mistake_is_told_at_once() -> None:
    text = DEFINITION.replace("task: binary", "task: binry").replace("nullable", "nulable")
    with pytest.raises(DefinitionInvalidError) as error:
        parse_definition(text, source="x.yaml")
    assert len(str(error.value).splitlines()) == 2


@pytest.mark.parametrize("text", ["", "just words", "- a\n- list", "name: [unclosed", "name: a\n\tb: 1"])
def test_what_is_no_definition_at_all_is_told_too(text: str) -> None:
    with pytest.raises(DefinitionInvalidError, match=r"^x\.yaml"):
        parse_definition(text, source="x.yaml")


def test_classes_that_are_truths_stay_truths() -> None:
    text = DEFINITION.replace('["no", "yes"]', "[false, true]")
    assert parse_definition(text, source="x.yaml").classes == (False, True)


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(DEFINITION.replace("basic", "bäsic").encode("latin-1"))
    with pytest.raises(
        DefinitionInvalidError, match=r"a\.yaml: byte \d+ is not UTF-8: save the file as UTF-8"
    ):
        load_definition(path)


def test_two_files_must_not_define_the_same_model(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(DEFINITION)
    with pytest.raises(DefinitionInvalidError, match=r"b\.yaml: name: 'churn' is taken"):
        load_definitions(tmp_path)


def test_the_published_json_schema_accepts_the_definition_and_refuses_a_misspelt_field() -> None:
    document = yaml.safe_load(DEFINITION)
    jsonschema.validate(document, json_schema())
    document["gates"] = {}
    with pytest.raises(jsonschema.ValidationError, match="gates"):
        jsonschema.validate(document, json_schema())


def test_the_json_schema_tells_editors_what_every_field_means() -> None:
    assert json_schema()["properties"]["target"]["description"] == "The column to predict."
