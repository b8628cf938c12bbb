"""Least privilege, proven: functions did their work with their own roles, and no grant of theirs lies idle."""

import csv
import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.capture_layout import feedback_prefix
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.experiment import Arm, ExperimentRules
from lambdaloop.domain.experiment_life import execution_of
from lambdaloop.domain.experiment_request import ExperimentRequest
from lambdaloop.domain.stage import ONLY
from scripts.benchmarks.rollback_speed import register_again
from scripts.cli.executions import Execution, follow
from scripts.cli.experiment import advance
from scripts.cli.invoking import ask
from scripts.cli.predict import SignedClient, input_types, read_csv
from scripts.cli.retrain import ask_governor
from tests.e2e.conftest import Site, pointed_at
from tests.e2e.scraping import scrape
from tests.e2e.test_features import use_stored_features
from tests.typed import read

pytestmark = pytest.mark.localcloud

ONLY_AFTER_A_FAILURE = {
    # A workflow died in the middle of a canary, which tests/contract/test_crash_matrix.py plays through.
    ("OpenRelease", "lambda:UpdateAlias"),
    # No release failed and none is old enough, so nothing was deleted, and there was nothing to record:
    # tests/e2e/test_rollback.py.
    ("PruneVersions", "lambda:DeleteFunction"),
    ("PruneVersions", "dynamodb:GetItem"),
    ("PruneVersions", "dynamodb:PutItem"),
    ("PruneVersions", "dynamodb:UpdateItem"),
    # Lambda itself sends what the governor failed on: tests/infra/test_watch_in_the_local_cloud.py.
    ("GovernRetraining", "sqs:SendMessage"),
    # The same with files of features, events, alerts and reports.
    ("WriteReport", "sqs:SendMessage"),
    ("PutFeatures", "sqs:SendMessage"),
    ("PublishEvents", "sqs:SendMessage"),
    ("SendAlerts", "sqs:SendMessage"),
}
ONLY_WITH_A_VERDICT = {
    # Few users, and no answer yet: tests/e2e/test_experiment.py has one.
    ("EvaluateExper", "sns:Publish"),
}
BATCH = 20


@pytest.fixture(scope="module")
def closed_loop(_released_site: Site) -> Site:
    """Everything of the loop has run: predictions, labels in both ways, a watch, a retraining and its release."""
    site = _released_site
    with pointed_at(site.cloud):
        labels = _predict_everything(site)
        half = len(labels) // 2
        for start in range(0, half, 100):
            document = {"labels": labels[start : min(start + 100, half)]}
            assert SignedClient().post(site.deployment.feedback_url, document)[0] == 202
        _upload(site, labels[half:])
        site.cloud.pass_until(site.cloud.now() + 301)  # longer than Firehose waits
        watched = run_workflow(site, "WatchWorkflow")
        assert watched.succeeded, watched.cause
        assert watched.output["window"]["new_labels"] >= half
        answer = ask_governor(site.deployment, requested_by="tests", reason="to use every grant")
        assert answer["retrain"], answer["reason"]
        _release(site, follow(answer["execution"]))
        _release(site, site.train("the first data once more: what was written before is found"))
        _experiment(site)
        _report(site)
        use_stored_features(site, "C00011")
        assert scrape(site)
    return site


def _release(site: Site, training: Execution) -> None:
    """Wait for the release of what was trained, if it was any better."""
    assert training.succeeded, training.cause
    if "release" in training.output:
        release = site.finish_release(training.output["release"]["execution"])
        assert release.succeeded, release.cause


def _experiment(site: Site) -> None:
    """An experiment that is looked at once, and concluded by somebody who knows better."""
    model, registry = site.definition.name, site.registry
    champion = registry.alias(model, CHAMPION)
    assert champion is not None
    # The same model under another number: how far two trainings are apart, and so whether a release goes on, is chance.
    other = register_again(registry, model, champion.version)
    arms = (
        Arm(name="control", version=champion.version, share=5000),
        Arm(name="other", version=other, share=5000),
    )
    request = ExperimentRequest(
        id="privileges",
        arms=arms,
        rules=ExperimentRules(outcome="correct", smallest_effect=0.5),
        requested_by="tests",
        reason="to use every grant",
    )
    ask(site.deployment.experiment_starter, to_document(request), what="starter")
    _finish_release_of(site)
    assert advance(site.deployment)["status"] == "running"
    _predict_everything(site)
    site.cloud.pass_until(site.cloud.now() + 3600)  # failures are counted in whole hours
    looked = run_workflow(site, "ExperimentWorkflow")
    assert looked.output["look"]["verdict"] == "undecided"
    end = ("--arm", "control", "--reason", "every grant was used", "--no-wait")
    assert read("experiment", "conclude", site.definition.name, *end)["status"] == "concluding"
    _finish_release_of(site)
    assert advance(site.deployment)["status"] == "concluded"


def _report(site: Site) -> None:
    """A page about one of everything, as events ask for it and as people do."""
    client: Any = boto3.client("cloudformation")
    [stack] = client.describe_stacks(StackName=ONLY.model_stack(site.definition.name))["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    model, registry = site.definition.name, site.registry
    newest = registry.versions(model)[0].number
    asked: list[dict[str, Any]] = [
        {"detail": {"model": model, "kind": "version_registered", "data": {"version": newest}}},
        {"model": model, "kind": "window", "id": registry.windows(model, limit=1)[0].end.isoformat()},
        {"model": model, "kind": "release", "id": str(registry.releases(model)[0].number)},
        {"model": model, "kind": "experiment", "id": "privileges"},
    ]
    pages: Any = boto3.client("s3")
    for subject in asked:
        [key] = ask(outputs["ReportWriter"], subject, what="report writer")["pages"]
        found = pages.get_object(Bucket=site.deployment.capture_bucket, Key=key)
        assert found["ContentType"].startswith("text/html")
        assert found["Body"].read().startswith(b"<!doctype html>")


def _finish_release_of(site: Site) -> None:
    """The release that the experiment asked for last."""
    experiment = site.registry.experiment(site.definition.name, "privileges")
    executions = site.deployment.release_workflow.replace(":stateMachine:", ":execution:")
    ended = site.finish_release(f"{executions}:{execution_of(experiment)}")
    assert ended.succeeded, ended.cause


def _predict_everything(site: Site) -> list[dict[str, Any]]:
    """Send every row of the data; returns a label for each prediction."""
    client = SignedClient()
    rows = read_csv(site.data, input_types(client, site.deployment))
    with site.data.open(newline="", encoding="utf-8") as file:
        actual = [each[site.definition.target] for each in csv.DictReader(file)]
    labels: list[dict[str, Any]] = []
    for start in range(0, len(rows), BATCH):
        status, answer = client.post(site.deployment.predict_url, {"rows": rows[start : start + BATCH]})
        assert status == 200, answer
        labels += [
            {"prediction_id": each["prediction_id"], "actual": actual[start + place]}
            for place, each in enumerate(answer["predictions"])
        ]
    return labels


def _upload(site: Site, labels: list[dict[str, Any]]) -> None:
    lines = ["prediction_id,actual", *(f"{each['prediction_id']},{each['actual']}" for each in labels)]
    key = f"{feedback_prefix(site.definition.name)}privilege.csv"
    boto3.client("s3").put_object(Bucket=site.deployment.data_bucket, Key=key, Body="\n".join(lines).encode())


def run_workflow(site: Site, workflow: str) -> Execution:
    """An execution of the hourly workflow with that output."""
    client: Any = boto3.client("cloudformation")
    [stack] = client.describe_stacks(StackName=ONLY.model_stack(site.definition.name))["Stacks"]
    [machine] = [each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == workflow]
    at = datetime.fromtimestamp(site.cloud.now(), UTC).isoformat()
    states: Any = boto3.client("stepfunctions")
    started = states.start_execution(stateMachineArn=machine, input=json.dumps({"at": at}))
    return follow(started["executionArn"])


def usage(site: Site) -> list[dict[str, Any]]:
    """Every (role, action, resource) that functions used so far."""
    found: list[dict[str, Any]] = site.cloud.control("iam/usage")["usage"]
    return [entry for entry in found if entry["function"]]


def granted(role: str) -> set[str]:
    """The actions that a role's policies allow; none for a role that a later deployment took away."""
    iam: Any = boto3.client("iam")
    try:
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    except iam.exceptions.NoSuchEntityException:
        return set()
    policies = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    actions: set[str] = set()
    for statement in (statement for policy in policies for statement in policy["Statement"]):
        given = statement["Action"]
        actions.update([given] if isinstance(given, str) else given)
    return actions


def test_no_function_was_denied_anything_it_tried(closed_loop: Site, released_site: Site) -> None:
    assert closed_loop is released_site
    entries = usage(released_site)
    assert entries, "functions called AWS, so their calls must have been recorded"
    assert [entry for entry in entries if not entry["allowed"]] == []


def test_every_function_of_the_loop_ran(closed_loop: Site, released_site: Site) -> None:
    assert closed_loop is released_site
    roles = {entry["role"] for entry in usage(released_site)}
    for step in (
        "WatchModel",
        "GovernRetraining",
        "CollectLabelled",
        "JudgeRelease",
        "EvaluateExper",
        "PutFeatures",
        "WriteReport",
        "ExposeMetrics",
        "PublishEvents",
        "SendAlerts",
        "LogRun",
    ):
        assert any(step in role for role in roles), step


def test_every_grant_of_a_function_that_ran_was_used(closed_loop: Site, released_site: Site) -> None:
    assert closed_loop is released_site
    used: dict[str, set[str]] = defaultdict(set)
    for entry in usage(released_site):
        used[entry["role"]].add(entry["action"])
    idle = {(role, action) for role, actions in used.items() for action in granted(role) - actions}
    excused = {
        (role, action)
        for role, action in idle
        for step, a in ONLY_AFTER_A_FAILURE | ONLY_WITH_A_VERDICT
        if step in role and a == action
    }
    # A function that has had nothing to do yet (a rollback, when these tests run alone) has used its log only.
    working = {
        role for role, actions in used.items() if any(not action.startswith("logs:") for action in actions)
    }
    assert {(role, action) for role, action in idle - excused if role in working} == set()
