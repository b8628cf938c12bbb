"""The state machines are the ones that were reviewed, and no state leads nowhere."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.state_machines import state_machines
from infra.template_checks import (
    TemplateError,
    validate_definitions,
    validate_state_machines,
)
from lambdaloop.domain import errors
from lambdaloop.domain.training_history import LONGEST_TRAINING
from tests.infra.golden_workflows import GOLDEN, MACHINES, as_text, workflow
from tests.infra.synthesis import PROJECT, Template

ANSWERED_BY_PEOPLE = "arn:aws:states:::lambda:invoke.waitForTaskToken"
"""How long these tasks wait is the definition's to say: tests/infra/test_before_traffic.py."""


def _states(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in definition["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from _states(state["ItemProcessor"])


@pytest.mark.parametrize("name", MACHINES)
def test_the_workflow_is_the_reviewed_one(name: str, templates: dict[str, Template]) -> None:
    golden = (GOLDEN / f"{name}.asl.json").read_text()
    assert as_text(workflow(templates, name)) == golden, "see tests/infra/golden_workflows.py"


def test_no_state_leads_nowhere_and_every_state_is_reached(assembly: Path) -> None:
    validate_state_machines(assembly)


def test_a_dangling_transition_would_be_noticed(tmp_path: Path) -> None:
    broken = json.loads((GOLDEN / "release.asl.json").read_text())
    broken["States"]["Shift traffic"]["Next"] = "Bake a cake"
    file = tmp_path / "broken.asl.json"
    file.write_text(json.dumps(broken))
    with pytest.raises(TemplateError, match="asl-validator refuses"):
        validate_definitions(file)


@pytest.mark.parametrize("name", MACHINES)
def test_every_task_has_a_time_limit_above_its_functions(name: str, templates: dict[str, Template]) -> None:
    functions = templates[MACHINES[name][0]].of_type("AWS::Lambda::Function")
    for state, body in _states(workflow(templates, name)):
        if body["Type"] == "Task" and body["Resource"] != ANSWERED_BY_PEOPLE:
            function = body["Resource"].removeprefix("${").removesuffix(".Arn}")
            [limit] = [each["Timeout"] for id_, each in functions.items() if id_[:-8] == function]
            assert body["TimeoutSeconds"] == limit + 15, state


@pytest.mark.parametrize("name", MACHINES)
def test_every_task_is_retried_after_failures_of_lambda_with_jitter(
    name: str, templates: dict[str, Template]
) -> None:
    for state, body in _states(workflow(templates, name)):
        if body["Type"] == "Task":
            for error, seconds in (("Lambda.ServiceException", 60), ("Lambda.TooManyRequestsException", 500)):
                [retry] = [each for each in body["Retry"] if error in each["ErrorEquals"]]
                assert (retry["JitterStrategy"], retry["BackoffRate"]) == ("FULL", 2)
                assert _longest_wait(retry) >= seconds, state


@pytest.mark.parametrize("name", MACHINES)
def test_every_error_of_ours_that_a_workflow_names_exists(name: str, templates: dict[str, Template]) -> None:
    elsewhere = ("States.", "Lambda.", "Runtime.", "Sandbox.")
    clauses = [
        c for _, s in _states(workflow(templates, name)) for c in (*s.get("Retry", ()), *s.get("Catch", ()))
    ]
    named = {error for clause in clauses for error in clause["ErrorEquals"]}
    own = {error for error in named if not error.startswith(elsewhere)}
    assert own
    assert all(issubclass(getattr(errors, error), errors.LambdaloopError) for error in own)


def test_a_failure_after_opening_always_takes_traffic_back(templates: dict[str, Template]) -> None:
    states = workflow(templates, "release")["States"]
    for name in ("Open release", "Verify release", "Shift traffic", "Judge release", "Close release"):
        assert states[name]["Catch"][-1] == {
            "ErrorEquals": ["States.ALL"],
            "ResultPath": "$.error",
            "Next": "Roll back release",
        }


def test_taking_traffic_back_is_tried_for_long_and_giving_up_has_a_name(
    templates: dict[str, Template],
) -> None:
    states = workflow(templates, "release")["States"]
    roll_back = states["Roll back release"]
    anything = roll_back["Retry"][-1]
    assert anything["ErrorEquals"] == ["States.ALL"]
    tries = 1 + anything["MaxAttempts"]
    assert (
        1200 <= _longest_wait(anything) + tries * roll_back["TimeoutSeconds"] <= 3600
    )  # the hour of `longest_release`
    [given_up] = roll_back["Catch"]
    assert states[given_up["Next"]]["Error"] == "ReleaseNotRolledBack"
    runbook = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert "`ReleaseNotRolledBack`" in runbook


def _longest_wait(retry: dict[str, Any]) -> float:
    """Seconds, when chance makes every wait as long as it may be."""
    waits: Iterator[float] = (
        retry["IntervalSeconds"] * retry["BackoffRate"] ** number for number in range(retry["MaxAttempts"])
    )
    most: float = retry["MaxDelaySeconds"]
    return sum(min(wait, most) for wait in waits)


def test_a_second_release_is_refused_without_touching_the_first(templates: dict[str, Template]) -> None:
    first = workflow(templates, "release")["States"]["Open release"]["Catch"][0]
    assert first["ErrorEquals"] == ["ReleaseInProgressError"]
    assert workflow(templates, "release")["States"][first["Next"]]["Type"] == "Fail"


def test_a_watch_that_finds_another_one_at_work_is_no_failure(templates: dict[str, Template]) -> None:
    states = workflow(templates, "watch")["States"]
    [busy] = states["Watch model"]["Catch"]
    assert busy["ErrorEquals"] == ["LeaseHeldError"]
    assert states[busy["Next"]]["Type"] == "Succeed"
    assert "Catch" not in states["Govern retraining"]  # what fails, fails, and an alarm tells


def test_the_governor_takes_a_training_for_dead_when_its_workflows_time_is_over(
    templates: dict[str, Template],
) -> None:
    limit = workflow(templates, "training")["TimeoutSeconds"]
    assert limit == LONGEST_TRAINING.total_seconds()


def test_a_failed_training_step_is_recorded(templates: dict[str, Template]) -> None:
    states = workflow(templates, "training")["States"]
    guarded = [name for name, state in states.items() if state["Type"] in {"Task", "Map"}]
    for name in guarded:
        if name != "Record failure":
            assert states[name]["Catch"][-1]["Next"] == "Record failure", name


@pytest.mark.parametrize(
    ("stack", "seconds"),
    [
        ("Lambdaloop-churn", 3 * 4 * 300 + 3600),
        ("Lambdaloop-price", 1 * 4 * 60 + (2 + 3) * 600 + 24 * 3600 + 3600),
    ],
)
def test_a_release_may_last_as_long_as_its_definition_can_make_it(
    stack: str, seconds: int, templates: dict[str, Template]
) -> None:
    machines = templates[stack].of_type("AWS::StepFunctions::StateMachine")
    [release] = [each for id_, each in machines.items() if id_.startswith("Releasing")]
    _, parts = release["DefinitionString"]["Fn::Join"]
    assert f'"TimeoutSeconds":{seconds}' in parts[-1]


def test_a_release_with_snap_start_waits_ten_minutes_for_lambda_and_others_two_to_three(
    templates: dict[str, Template],
) -> None:
    for stack, shortest, longest in (("Lambdaloop-churn", 120, 180), ("Lambdaloop-price", 600, 660)):
        [definition] = [
            each
            for id_, each in state_machines(templates[stack].document)
            if id_.startswith("ReleasingRelease")
        ]
        for state in ("Open release", "Verify release"):
            retry = definition["States"][state]["Retry"][0]
            assert retry["ErrorEquals"] == ["ReleaseNotReadyError"]
            waits = [
                min(retry["IntervalSeconds"] * retry["BackoffRate"] ** n, retry["MaxDelaySeconds"])
                for n in range(retry["MaxAttempts"])
            ]
            assert shortest <= sum(waits) <= longest, (stack, state)


def test_failures_of_every_execution_are_logged_and_all_of_it_is_traced(
    templates: dict[str, Template],
) -> None:
    for template in templates.values():
        for machine in template.of_type("AWS::StepFunctions::StateMachine").values():
            assert machine["TracingConfiguration"] == {"Enabled": True}
            logging = machine["LoggingConfiguration"]
            assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", True)
