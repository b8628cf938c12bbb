"""What the inference function's traffic promises: in memory and through Lambda's API."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lambdaloop.domain.documents import from_document
from lambdaloop.domain.errors import (
    LambdaVersionDeletedError,
    PinTooLargeError,
    ReleaseNotReadyError,
    RoutingChangedError,
    VerificationFailedError,
)
from lambdaloop.domain.experiment_pin import ArmPin, ExperimentPin
from lambdaloop.domain.release import ReleasePin
from tests.contract.aws import Aws
from tests.contract.fault_injection import reject
from tests.fakes.samples import MODEL, artifact
from tests.fakes.traffic import InMemoryTraffic

Traffic = Any  # InMemoryTraffic or LambdaTraffic

PIN = ReleasePin(model=MODEL, release=1, version=4, bundle=artifact())


@pytest.fixture(params=["fake", "lambda"])
def traffic(request: pytest.FixtureRequest) -> Traffic:
    return InMemoryTraffic() if request.param == "fake" else request.getfixturevalue("aws").traffic


def test_before_the_first_release_everything_goes_to_the_bootstrap_version(traffic: Traffic) -> None:
    routing = traffic.routing()
    assert (routing.stable, routing.candidate, routing.weight) == ("1", None, 0.0)


def test_a_pin_is_published_exactly_once(traffic: Traffic) -> None:
    first = traffic.publish(PIN)
    second = traffic.publish(replace(PIN, release=2))
    third = traffic.publish(replace(PIN, release=3))
    assert len({"1", first, second, third}) == 4
    assert traffic.publish(PIN) == first
    assert traffic.publish(replace(PIN, release=2)) == second


def _experiment(arms: int) -> ReleasePin:
    shares = [10_000 // arms + (10_000 % arms if place == 0 else 0) for place in range(arms)]
    experiment = ExperimentPin(
        id="checkout",
        salt="summer",
        namespace=MODEL,
        first_bucket=0,
        buckets=5000,
        arms=tuple(
            ArmPin(name=f"arm-{place}", version=4 + place, bundle=artifact(), share=share)
            for place, share in enumerate(shares)
        ),
    )
    return replace(PIN, experiment=experiment)


def test_the_arms_of_an_experiment_are_published_with_their_release(traffic: Traffic) -> None:
    version = traffic.publish(_experiment(3))
    assert traffic.publish(_experiment(3)) == version
    assert traffic.publish(replace(_experiment(3), release=2)) != version


def test_more_arms_than_lambda_can_hold_change_nothing_and_name_the_fix(aws: Aws) -> None:
    before = aws.traffic.publish(PIN)
    with pytest.raises(PinTooLargeError, match=r"with 20 arms, .* take fewer arms"):
        aws.traffic.publish(_experiment(20))
    assert aws.traffic.publish(PIN) == before


def test_weights_are_set_changed_and_cleared(traffic: Traffic) -> None:
    version = traffic.publish(PIN)
    routing = traffic.route(traffic.routing(), stable="1", candidate=version, weight=0.1)
    assert (routing.stable, routing.candidate, routing.weight) == ("1", version, 0.1)
    assert traffic.routing() == routing
    routing = traffic.route(routing, stable=version)
    assert (routing.stable, routing.candidate, routing.weight) == (version, None, 0.0)
    assert traffic.routing() == routing


def test_a_change_of_routing_that_was_read_before_another_change_is_refused(traffic: Traffic) -> None:
    version = traffic.publish(PIN)
    read = traffic.routing()
    traffic.route(read, stable="1", candidate=version, weight=0.1)
    with pytest.raises(RoutingChangedError):
        traffic.route(read, stable=version)
    assert traffic.routing().weight == 0.1


def test_a_change_leaves_its_note_and_the_next_one_takes_it_away(traffic: Traffic) -> None:
    version = traffic.publish(PIN)
    routing = traffic.route(traffic.routing(), stable=version, note="who and why")
    assert (routing.note, traffic.routing().note) == ("who and why", "who and why")
    traffic.route(routing, stable=version)
    assert traffic.routing().note == ""


def test_traffic_goes_to_versions_that_exist_only(traffic: Traffic) -> None:
    with pytest.raises(LambdaVersionDeletedError):
        traffic.route(traffic.routing(), stable="77")
    assert traffic.routing().stable == "1"


def test_versions_say_what_they_serve(traffic: Traffic) -> None:
    first, second = traffic.publish(PIN), traffic.publish(replace(PIN, release=2))
    assert (traffic.pin_of(first), traffic.pin_of("1")) == (PIN, None)
    assert {(each.lambda_version, each.release) for each in traffic.published()} == {
        ("1", None),
        (first, 1),
        (second, 2),
    }
    with pytest.raises(LambdaVersionDeletedError):
        traffic.pin_of("77")


def test_a_deleted_version_is_gone_and_its_number_never_comes_again(traffic: Traffic) -> None:
    version = traffic.publish(PIN)
    assert traffic.delete(version)
    assert traffic.delete(version)  # it is not there, which is all that was wanted
    assert [each.lambda_version for each in traffic.published()] == ["1"]
    assert traffic.publish(replace(PIN, release=2)) not in ("1", version)


@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_a_version_that_has_traffic_is_not_deleted(traffic: Traffic, weight: float) -> None:
    version = traffic.publish(PIN)
    if weight:
        traffic.route(traffic.routing(), stable="1", candidate=version, weight=weight)
    else:
        traffic.route(traffic.routing(), stable=version)
    assert not traffic.delete(version)
    assert traffic.pin_of(version) == PIN


def test_an_unknown_version_never_becomes_ready(traffic: Traffic) -> None:
    with pytest.raises(VerificationFailedError):
        traffic.check_ready("77")


class TestLambda:
    def test_publishing_is_asked_again_until_lambda_has_applied_the_pin(self, aws: Aws) -> None:
        aws.lambda_api.updates_in_progress = 2
        for _ in range(3):  # the change itself, and two that find it still in progress
            with pytest.raises(ReleaseNotReadyError):
                aws.traffic.publish(PIN)
        assert aws.traffic.publish(PIN) == "2"
        assert aws.wire.calls.count("lambda.UpdateFunctionConfiguration") == 1

    def test_the_pin_joins_the_other_variables_of_the_function(self, aws: Aws) -> None:
        aws.traffic.publish(PIN)
        variables = aws.lambda_api.versions["2"]["Environment"]["Variables"]
        assert variables["LAMBDALOOP_MODEL"] == "churn"
        assert from_document(ReleasePin, json.loads(variables["LAMBDALOOP_PIN"])) == PIN

    def test_a_code_deployment_that_dropped_the_pin_is_published_with_it(self, aws: Aws) -> None:
        aws.traffic.publish(PIN)
        aws.lambda_api.deploy_code("code-2")
        assert aws.traffic.publish(replace(PIN, release=2)) == "3"
        published = aws.lambda_api.versions["3"]
        assert published["CodeSha256"] == "code-2"
        assert '"release":2' in published["Environment"]["Variables"]["LAMBDALOOP_PIN"]

    def test_what_was_published_before_a_deployment_is_found_again(self, aws: Aws) -> None:
        aws.traffic.publish(PIN)
        aws.lambda_api.deploy_code("code-2")
        assert aws.traffic.publish(PIN) == "2"
        assert list(aws.lambda_api.versions) == ["1", "2"]

    @pytest.mark.parametrize("pin", ["[]", "{", '{"bundle": "text"}'])
    def test_a_published_pin_that_nobody_can_read_is_another_one(self, aws: Aws, pin: str) -> None:
        aws.lambda_api.versions["1"]["Environment"]["Variables"]["LAMBDALOOP_PIN"] = pin
        aws.lambda_api.latest["Environment"]["Variables"]["LAMBDALOOP_PIN"] = pin
        assert aws.traffic.publish(PIN) == "2"
        assert '"release":1' in aws.lambda_api.versions["2"]["Environment"]["Variables"]["LAMBDALOOP_PIN"]

    @pytest.mark.parametrize("operation", ["lambda.UpdateFunctionConfiguration", "lambda.PublishVersion"])
    @pytest.mark.parametrize("code", ["PreconditionFailedException", "ResourceConflictException"])
    def test_a_function_that_changes_meanwhile_is_read_again(
        self, aws: Aws, operation: str, code: str
    ) -> None:
        with aws.wire.failing(reject(operation, code)), pytest.raises(ReleaseNotReadyError):
            aws.traffic.publish(PIN)
        assert aws.traffic.publish(PIN) == "2"

    @pytest.mark.parametrize("write", ["lambda.UpdateFunctionConfiguration", "lambda.PublishVersion"])
    def test_a_deployment_between_reading_and_writing_is_noticed_and_not_overwritten(
        self, aws: Aws, write: str
    ) -> None:
        def deploy(operation: str, _: Any) -> None:
            if operation == write:
                aws.lambda_api.deploy_code("code-2")

        with aws.wire.failing(deploy), pytest.raises(ReleaseNotReadyError):
            aws.traffic.publish(PIN)
        assert list(aws.lambda_api.versions) == ["1"]
        assert aws.traffic.publish(PIN) == "2"
        assert aws.lambda_api.versions["2"]["CodeSha256"] == "code-2"
        assert "LAMBDALOOP_PIN" in aws.lambda_api.versions["2"]["Environment"]["Variables"]

    def test_a_function_whose_last_change_failed_is_not_published(self, aws: Aws) -> None:
        aws.lambda_api.failed = "layer not found"
        with pytest.raises(VerificationFailedError, match="layer not found"):
            aws.traffic.publish(PIN)
        assert list(aws.lambda_api.versions) == ["1"]

    def test_a_published_version_is_awaited(self, aws: Aws) -> None:
        version = aws.traffic.publish(PIN)
        aws.lambda_api.pending = 1
        with pytest.raises(ReleaseNotReadyError):
            aws.traffic.check_ready(version)
        aws.traffic.check_ready(version)

    def test_a_version_that_lambda_could_not_prepare_fails_the_release(self, aws: Aws) -> None:
        version = aws.traffic.publish(PIN)
        aws.lambda_api.failed = "snapshot of the function failed"
        with pytest.raises(VerificationFailedError, match="snapshot of the function failed"):
            aws.traffic.check_ready(version)

    def test_a_version_that_sleeps_says_how_to_wake_it(self, aws: Aws) -> None:
        version = aws.traffic.publish(PIN)
        aws.lambda_api.pending = 1
        with pytest.raises(
            ReleaseNotReadyError, match=f"aws lambda invoke --function-name inference:{version}"
        ):
            aws.traffic.pin_of(version)

    @pytest.mark.parametrize("qualifier", ["$LATEST", "live", ""])
    def test_nothing_but_a_published_version_can_be_deleted(self, aws: Aws, qualifier: str) -> None:
        with pytest.raises(ValueError, match="only published versions"):
            aws.traffic.delete(qualifier)
        assert "lambda.DeleteFunction" not in aws.wire.calls

    def test_an_event_reaches_that_very_version(self, aws: Aws) -> None:
        version = aws.traffic.publish(PIN)
        aws.lambda_api.answer_event = lambda variables, event: {
            "statusCode": 200,
            "body": json.dumps([sorted(variables), event]),
        }
        answer = aws.traffic.invoke(version, {"rows": [1]})
        assert json.loads(answer["body"]) == [["LAMBDALOOP_MODEL", "LAMBDALOOP_PIN"], {"rows": [1]}]

    def test_a_function_error_is_a_failed_verification_with_its_message(self, aws: Aws) -> None:
        def fail(*_: Any) -> None:
            raise ValueError("no such graph")

        aws.lambda_api.answer_event = fail
        with pytest.raises(VerificationFailedError, match="ValueError: no such graph"):
            aws.traffic.invoke("1", {})

    def test_an_answer_that_is_no_http_response_is_a_failed_verification(self, aws: Aws) -> None:
        aws.lambda_api.answer_event = lambda *_: "pong"
        with pytest.raises(VerificationFailedError, match="answered 'pong'"):
            aws.traffic.invoke("1", {})
