"""Experiments are looked at every hour, by functions that can neither move traffic nor read what is not theirs."""

import json

from infra.constructs.experiments import DELAY
from infra.constructs.watching import DELAY as WATCH_DELAY
from infra.state_machines import state_machines
from scripts.localcloud.eventing import schedule_expressions
from tests.infra.synthesis import Resource, Template

HOUR = 3600
VERBS = ("start_experiment", "advance_experiment", "evaluate_experiment")


def _schedule(template: Template) -> Resource:
    schedules = template.of_type("AWS::Scheduler::Schedule")
    [schedule] = [each for id_, each in schedules.items() if id_.startswith("Experimenting")]
    return schedule


def _actions(template: Template, verb: str) -> set[str]:
    found: set[str] = set()
    for statement in template.grants(verb):
        action = statement["Action"]
        found |= {action} if isinstance(action, str) else set(action)
    return found - {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_a_look_is_taken_every_hour_after_the_watch_has_begun(templates: dict[str, Template]) -> None:
    for model in ("churn", "price", "species"):
        schedule = _schedule(templates[f"Lambdaloop-{model}"])
        due = schedule_expressions.parse(schedule["ScheduleExpression"], anchor=0)
        times = list(due.due(0, 24 * HOUR))
        assert len(times) == 24
        assert all(time % HOUR == DELAY.to_seconds() > WATCH_DELAY.to_seconds() for time in times)
        assert json.loads(schedule["Target"]["Input"]) == {"at": "<aws.scheduler.scheduled-time>"}


def test_looking_again_costs_one_short_step_while_there_is_no_experiment(churn: Template) -> None:
    [definition] = [each for id_, each in state_machines(churn.document) if id_.startswith("Experimenting")]
    assert definition["StartAt"] == "Advance experiment"
    choice = definition["States"][definition["States"]["Advance experiment"]["Next"]]
    assert choice["Default"] == "Nothing to look at"
    layers = churn.functions()["advance_experiment"]["Layers"]
    assert len(layers) == 2  # neither numpy nor scipy


def test_no_function_of_experiments_may_publish_route_or_invoke(churn: Template) -> None:
    for verb in VERBS:
        assert not any(action.startswith("lambda:") for action in _actions(churn, verb)), verb
        assert not any("Delete" in action for action in _actions(churn, verb)), verb


def test_traffic_moves_only_through_the_models_own_release_workflow(churn: Template) -> None:
    release = churn.document["Outputs"]["ReleaseWorkflow"]["Value"]
    for verb in ("start_experiment", "advance_experiment"):
        [statement] = [each for each in churn.grants(verb) if each["Action"] == "states:StartExecution"]
        assert statement["Resource"] == release
    assert "states:StartExecution" not in _actions(churn, "evaluate_experiment")


def test_a_look_reads_the_log_and_writes_below_experiments_only(churn: Template) -> None:
    places: dict[str, set[str]] = {}
    for statement in churn.grants("evaluate_experiment"):
        resources = statement["Resource"]
        for action in [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]:
            for resource in resources if isinstance(resources, list) else [resources]:
                if isinstance(resource, dict) and "Fn::Join" in resource:
                    places.setdefault(action, set()).add(str(resource["Fn::Join"][1][-1]))
    assert places["s3:PutObject"] == {"/experiments/model=churn/*", "/reports/model=churn/*"}
    assert places["s3:GetObject"] == {"/experiments/model=churn/*", "/raw/model=churn/*"}
    assert places["s3:GetObjectVersion"] == {"/feedback/churn/*"}


def test_people_are_told_through_the_platforms_topic(churn: Template) -> None:
    for verb in ("advance_experiment", "evaluate_experiment"):
        [statement] = [each for each in churn.grants(verb) if each["Action"] == "sns:Publish"]
        variables = churn.functions()[verb]["Environment"]["Variables"]
        assert statement["Resource"] == variables["LAMBDALOOP_ALERT_TOPIC"]
