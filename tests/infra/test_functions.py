"""Every function: within Lambda's limits, logged, told what its code asks for, and running code that exists."""

import ast
import importlib
from collections.abc import Iterator

import pytest

from infra.grants import Grant
from lambdaloop.adapters.mlflow_api import CALL_SECONDS
from lambdaloop.adapters.mlflow_tracker import PATIENCE_SECONDS
from tests.infra.synthesis import PROJECT, Resource, Template

VERBS = sorted(path.parent.name for path in (PROJECT / "functions").glob("*/handler.py"))
FITTING = {"resolve_dataset", "validate_dataset", "train_candidate", "evaluate_candidates", "package_model"}
COUNTING = {"watch_model", "judge_release", "evaluate_experiment"}
"""Its statistics need what the training layer has."""
LAYERS = ("Core", "Definition", "Serving", "Training")


def _every(templates: dict[str, Template]) -> Iterator[tuple[str, str, Template, Resource]]:
    for stack, template in templates.items():
        for verb, function in template.functions().items():
            yield stack, verb, template, function


def _layers(function: Resource) -> set[str]:
    return {name for name in LAYERS for each in function["Layers"] if f"{name}Layer" in each["Ref"]}


@pytest.fixture(scope="module")
def deployed(templates: dict[str, Template]) -> dict[str, Resource]:
    """Every function once, from whichever stack has it: some stages of a release are there for who asks for them."""
    return {verb: function for _, verb, _, function in _every(templates)}


def test_every_function_of_the_checkout_is_deployed_and_the_other_way_round(
    deployed: dict[str, Resource],
) -> None:
    assert sorted(deployed) == VERBS


def test_a_model_that_is_released_by_hand_has_no_function_that_starts_releases(
    templates: dict[str, Template],
) -> None:
    assert "start_release" in templates["Lambdaloop-churn"].functions()
    assert "start_release" not in templates["Lambdaloop-price"].functions()


def test_the_tracker_gives_up_before_its_function_ends(deployed: dict[str, Resource]) -> None:
    last_calls = 5 * CALL_SECONDS  # those of a candidate, the report and the end
    assert deployed["log_run"]["Timeout"] > PATIENCE_SECONDS + last_calls


def test_every_function_logs_to_a_group_of_its_own(templates: dict[str, Template]) -> None:
    logs = [(stack, f["LoggingConfig"]["LogGroup"]["Ref"]) for stack, _, _, f in _every(templates)]
    assert len(set(logs)) == len(logs)


def test_every_log_group_of_every_stack_forgets(templates: dict[str, Template]) -> None:
    for template in templates.values():
        assert all("RetentionInDays" in each for each in template.of_type("AWS::Logs::LogGroup").values())


def test_every_function_keeps_within_lambdas_limits(templates: dict[str, Template]) -> None:
    for stack, verb, _, function in _every(templates):
        assert function["Runtime"] == "python3.13", (stack, verb)
        assert function["Architectures"] == ["arm64"]
        assert len(function["Layers"]) <= 5
        most = 10_240 if verb == "inference" else 3008  # a new account's limit; a definition may ask for more
        assert 128 <= function["MemorySize"] <= most
        assert 1 <= function["Timeout"] <= 900
        assert len(str(function["Environment"]["Variables"])) < 2048, "half of 4 KB is left for the pin"


def test_each_function_carries_only_the_layers_that_its_work_needs(
    platform: Template, deployed: dict[str, Resource]
) -> None:
    shared = platform.functions()
    assert {verb: _layers(function) for verb, function in shared.items()} == {
        verb: {"Core"} for verb in shared
    }
    for verb, function in deployed.items():
        if verb in shared:
            continue
        serving = {"Serving"} if verb in {"inference", "check_parity"} else set()
        training = {"Training"} if verb in FITTING | COUNTING else set()
        definition = {"Definition"} if verb not in {"check_parity", "authorize", "write_report"} else set()
        assert _layers(function) == {"Core", *definition, *serving, *training}, verb


def test_a_function_that_reads_the_definition_carries_it(deployed: dict[str, Resource]) -> None:
    for verb, function in deployed.items():
        if "app.definition" in (PROJECT / "functions" / verb / "handler.py").read_text():
            assert "Definition" in _layers(function), verb


def test_the_definition_decides_memory_time_and_snapshot_of_inference(templates: dict[str, Template]) -> None:
    asked = templates["Lambdaloop-price"].functions()["inference"]
    assert (asked["MemorySize"], asked["Timeout"]) == (2048, 20)
    assert asked["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert "SnapStart" not in templates["Lambdaloop-churn"].functions()["inference"]


@pytest.mark.parametrize("verb", VERBS)
def test_the_handler_exists_under_the_name_that_lambda_calls(
    verb: str, deployed: dict[str, Resource]
) -> None:
    module, name = deployed[verb]["Handler"].rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), name))


# What a handler touches of the App, as settings; read from the source, so that a new port is noticed.


def _settings_of_app() -> dict[str, set[str]]:
    tree = ast.parse((PROJECT / "layers/core/python/lambdaloop/bootstrap.py").read_text())
    [app] = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "App"]
    return {method.name: _needed(method) for method in app.body if isinstance(method, ast.FunctionDef)}


def _needed(tree: ast.AST) -> set[str]:
    """Names in `….need("name")`, and in `settings.name`."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="need"), args=[ast.Constant(value=str(name))]):
                names.add(name)
            case ast.Attribute(value=ast.Attribute(attr="settings") | ast.Name(id="settings"), attr=name):
                names.add(name)
    return names - {"need", "opt", "from_env", "at_stage"}  # only a stage has one


def _asked_for(verb: str) -> set[str]:
    ports = _settings_of_app()
    names: set[str] = set()
    for source in (PROJECT / "functions" / verb).glob("*.py"):
        tree = ast.parse(source.read_text())
        names |= _needed(tree)
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "app"
            ):
                names |= ports.get(node.attr, set())
    return names


@pytest.mark.parametrize("verb", VERBS)
def test_a_function_is_told_what_its_code_asks_for(verb: str, deployed: dict[str, Resource]) -> None:
    told = deployed[verb]["Environment"]["Variables"]
    asked = {f"LAMBDALOOP_{name.upper()}" for name in _asked_for(verb)} - {"LAMBDALOOP_PIN"}
    assert asked <= set(told)


def test_the_template_never_sets_the_pin(templates: dict[str, Template]) -> None:
    assert all("LAMBDALOOP_PIN" not in f["Environment"]["Variables"] for *_, f in _every(templates))


def test_the_reader_of_settings_sees_what_handlers_use() -> None:
    assert _asked_for("verify_release") >= {"inference_function", "model_bucket", "registry_table"}


def test_a_grant_is_one_statement_of_its_actions_and_resources() -> None:
    statement = Grant(actions=("s3:GetObject",), resources=("arn:aws:s3:::b/k",)).statement().to_json()
    assert statement == {"Action": "s3:GetObject", "Effect": "Allow", "Resource": "arn:aws:s3:::b/k"}


def test_no_source_lies_outside_the_folders_that_are_packaged() -> None:
    assert {path.parent.name for path in (PROJECT / "functions").rglob("*.py")} == set(VERBS)
