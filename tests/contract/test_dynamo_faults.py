"""The registry on DynamoDB when AWS refuses, answers late or not at all; and what a table can hold."""

import math
from dataclasses import replace

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError, SSLError
from hypothesis import given
from hypothesis import strategies as st

from lambdaloop.adapters.aws_client import ATTEMPTS
from lambdaloop.adapters.aws_errors import ContendedError, aws_errors
from lambdaloop.adapters.dynamo_numbers import from_attribute, to_attribute
from lambdaloop.adapters.dynamo_table import COLLISIONS
from lambdaloop.domain.errors import BackendUnavailableError, ConflictError, RecordTooLargeError
from tests.contract.aws import TABLE, Aws
from tests.contract.fault_injection import Fault, lose_answer, lose_request, reject
from tests.fakes.samples import MODEL, MORNING, draft, run

GET, TRANSACT = "dynamodb.GetItem", "dynamodb.TransactWriteItems"


def register(aws: Aws, name: str = "run-1") -> int:
    return aws.registry.register_version(draft(name), by="ml-team", at=MORNING).number


def items(aws: Aws, prefix: str) -> int:
    found = aws.dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Items"]
    return sum(item["sk"]["S"].startswith(prefix) for item in found)


@pytest.mark.parametrize("operation", [GET, TRANSACT])
@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 400), ("InternalServerError", 500)])
@pytest.mark.parametrize("times", [1, ATTEMPTS - 1])
def test_a_few_refusals_are_retried(aws: Aws, operation: str, code: str, status: int, times: int) -> None:
    aws.registry.start_run(run())
    with aws.wire.failing(reject(operation, code, times=times, status=status)):
        assert register(aws) == 1
    assert len(aws.waits) == times


@pytest.mark.parametrize("operation", [GET, TRANSACT])
@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 400), ("InternalServerError", 500)])
def test_lasting_refusal_is_a_typed_error_after_bounded_retries_and_changes_nothing(
    aws: Aws, operation: str, code: str, status: int
) -> None:
    aws.registry.start_run(run())
    aws.wire.calls.clear()
    with (
        aws.wire.failing(reject(operation, code, status=status)),
        pytest.raises(BackendUnavailableError, match=code),
    ):
        register(aws)
    assert aws.wire.calls.count(operation) == ATTEMPTS
    assert items(aws, "VERSION#") == items(aws, "COUNTER#") == 0
    assert register(aws) == 1


@pytest.mark.parametrize("operation", [GET, TRANSACT])
def test_a_broken_connection_is_tried_again(aws: Aws, operation: str) -> None:
    aws.registry.start_run(run())
    with aws.wire.failing(lose_request(operation, times=2)):
        assert register(aws) == 1
    assert register(aws) == 1


def test_silence_is_a_typed_error_after_bounded_retries(aws: Aws) -> None:
    aws.registry.start_run(run())
    with (
        aws.wire.failing(lose_request(TRANSACT)),
        pytest.raises(BackendUnavailableError, match="no whole answer"),
    ):
        register(aws)


@pytest.mark.parametrize("status", [500, None])
@pytest.mark.parametrize("times", [1, ATTEMPTS])
def test_a_lost_acknowledgement_neither_repeats_nor_loses_a_version(
    aws: Aws, status: int | None, times: int
) -> None:
    aws.registry.start_run(run())
    fault = lose_answer(aws.wire, TRANSACT, times=times, status=status)
    with aws.wire.failing(fault):
        try:
            number = register(aws)
        except BackendUnavailableError:  # every answer was lost: whoever asks again gets the version
            number = register(aws)
    assert number == register(aws) == 1
    assert items(aws, "VERSION#") == 1
    assert items(aws, "EVENT#") == 2  # run_started, version_registered


def test_a_cancelled_transaction_is_decided_anew(aws: Aws) -> None:
    aws.registry.start_run(run())
    with aws.wire.failing(_cancel(times=3)):
        assert register(aws) == 1
    assert len(aws.waits) == 3
    assert all(0 <= wait <= 1 for wait in aws.waits)


def test_lasting_cancellation_is_a_typed_error_after_bounded_tries(aws: Aws) -> None:
    aws.registry.start_run(run())
    aws.wire.calls.clear()
    with (
        aws.wire.failing(_cancel()),
        pytest.raises(BackendUnavailableError, match="cancelled 12 times") as caught,
    ):
        register(aws)
    assert isinstance(caught.value.__cause__, ContendedError)
    assert aws.wire.calls.count(TRANSACT) == COLLISIONS
    assert items(aws, "VERSION#") == 0


def test_a_counter_that_always_moves_on_is_a_conflict(aws: Aws) -> None:
    aws.registry.start_run(run())
    with (
        aws.wire.failing(reject(TRANSACT, "ConditionalCheckFailedException")),
        pytest.raises(ConflictError, match="kept changing"),
    ):
        register(aws)


def test_a_record_beyond_400_kilobytes_fails_cleanly(aws: Aws) -> None:
    aws.registry.start_run(run())
    large = replace(draft(), gate={"checks": ["x" * 1000] * 420})
    with pytest.raises(RecordTooLargeError, match="400 KB"):
        aws.registry.register_version(large, by="ml-team", at=MORNING)
    assert items(aws, "COUNTER#") == 0
    assert register(aws) == 1


def test_metrics_without_a_value_are_stored_as_none(aws: Aws) -> None:
    aws.registry.start_run(run())
    metrics = {
        "roc_auc": math.nan,
        "log_loss": math.inf,
        "brier": -math.inf,
        "f1": None,
        "accuracy": 0.1 + 0.2,
    }
    aws.registry.register_version(draft(metrics=metrics), by="ml-team", at=MORNING)
    assert aws.registry.version(MODEL, 1).metrics == {
        "roc_auc": None,
        "log_loss": None,
        "brier": None,
        "f1": None,
        "accuracy": 0.1 + 0.2,
    }


def test_fields_of_a_newer_writer_survive_an_older_one(aws: Aws) -> None:
    aws.registry.start_run(run())
    key = {"pk": {"S": f"MODEL#{MODEL}"}, "sk": {"S": "RUN#run-1"}}
    aws.dynamodb.update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression="SET budget = :b",
        ExpressionAttributeValues={":b": {"N": "7"}},
    )
    register(aws)
    item = aws.dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
    assert (item["budget"], item["status"]) == ({"N": "7"}, {"S": "registered"})


@given(st.floats(min_value=1e-130, max_value=9.9e125) | st.floats(min_value=-9.9e125, max_value=-1e-130))
def test_every_float_that_dynamodb_can_hold_comes_back_bit_for_bit(number: float) -> None:
    assert float(from_attribute(to_attribute(number))) == number


@given(st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1))
def test_whole_numbers_come_back_as_integers(number: int) -> None:
    back = from_attribute(to_attribute(number))
    assert (back, type(back)) == (number, int)


@pytest.mark.parametrize(
    ("number", "stored"),
    [(1e126, None), (-1e300, None), (math.nan, None), (1e-131, 0), (-5e-324, 0), (0.0, 0), (True, True)],
)
def test_numbers_that_dynamodb_cannot_hold(number: float, stored: float | None) -> None:
    back = from_attribute(to_attribute(number))
    assert (back, type(back)) == (stored, type(stored))


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(-1000, 1000),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_values_come_back_as_they_were(value: object) -> None:
    assert from_attribute(to_attribute(value)) == value


def _cancel(*, times: int | None = None) -> Fault:
    """DynamoDB's way of saying that another transaction was at the same items."""
    return reject(TRANSACT, "TransactionConflictException", times=times)


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeoutError(endpoint_url="https://aws"),
        EndpointConnectionError(endpoint_url="https://aws"),
        SSLError(endpoint_url="https://aws", error=ValueError("certificate")),
        ReadTimeoutError(endpoint_url="https://aws"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_aws_that_cannot_be_reached_is_unavailable(error: Exception) -> None:
    with pytest.raises(BackendUnavailableError, match="https://aws"), aws_errors():
        raise error
