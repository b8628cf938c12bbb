"""One step of a workflow: a function that receives the state document and whose answer becomes one key of it."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from lambdaloop.domain.errors import BackendUnavailableError, ConflictError, RoutingChangedError

# The names that Step Functions' documentation gives for failures of Lambda itself.
_SERVICE_ERRORS = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
]
_THROTTLED = ["Lambda.TooManyRequestsException"]
"""Other work has all the room there is, and may take minutes: a new account runs ten functions at a time."""
# The function died, for want of memory or time most often; once more is worth it, more often is not.
_CRASHES = ["Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout"]
_OUTAGES = [BackendUnavailableError.__name__]
_LOST_RACES = [ConflictError.__name__, RoutingChangedError.__name__]
_MARGIN_SECONDS = 15
"""Lambda should be the one to report a timeout: it knows which call hung."""


def step(
    scope: Construct,
    name: str,
    *,
    function: lambda_.Function,
    result: str | None,
    payload: Mapping[str, Any] | None = None,
    wait_for: type[Exception] | None = None,
    wait_attempts: int = 0,
    persistent: bool = False,
) -> tasks.LambdaInvoke:
    """A task whose output is put under `result` (None: takes the document's place). Every step may be run twice.

    payload: the input, made from the document; the whole document unless given.
    wait_for: an error that only means "not yet"; it is retried `wait_attempts` times, soon every 20 seconds.
    persistent: whatever it fails on is tried again for a quarter of an hour on average, half an hour at most: giving up is worse.
    """
    timeout = function.timeout or Duration.minutes(15)
    task = tasks.LambdaInvoke(
        scope,
        name,
        lambda_function=function,
        payload=None if payload is None else sfn.TaskInput.from_object(payload),
        payload_response_only=True,
        retry_on_service_exceptions=False,
        result_path=f"$.{result}" if result else None,
        task_timeout=sfn.Timeout.duration(timeout.plus(Duration.seconds(_MARGIN_SECONDS))),
    )
    if wait_for is not None:
        task.add_retry(
            errors=[wait_for.__name__],
            interval=Duration.seconds(2),
            backoff_rate=1.5,
            max_attempts=wait_attempts,
            max_delay=Duration.seconds(20),
        )
    _retry(task)
    if persistent:
        task.add_retry(
            errors=["States.ALL"],
            interval=Duration.seconds(10),
            backoff_rate=2,
            max_attempts=12,
            max_delay=Duration.minutes(3),
            jitter_strategy=sfn.JitterType.FULL,
        )
    return task


def waiting_step(
    scope: Construct,
    name: str,
    *,
    function: lambda_.Function,
    payload: Mapping[str, Any],
    patience: Duration,
) -> tasks.LambdaInvoke:
    """A task that calls a function, hands it a task token, and waits until somebody answers with that token.

    The document stays as it is, whatever the answer. States.Timeout when nobody answers for so long.
    """
    task = tasks.LambdaInvoke(
        scope,
        name,
        lambda_function=function,
        integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
        payload=sfn.TaskInput.from_object(payload),
        retry_on_service_exceptions=False,
        result_path=sfn.JsonPath.DISCARD,
        task_timeout=sfn.Timeout.duration(patience),
    )
    _retry(task)
    return task


def _retry(task: tasks.LambdaInvoke) -> None:
    for errors, seconds, attempts in (
        (_SERVICE_ERRORS, 2, 5),
        (_THROTTLED, 5, 12),
        (_OUTAGES, 2, 5),
        (_LOST_RACES, 1, 2),
        (_CRASHES, 5, 1),
    ):
        task.add_retry(
            errors=errors,
            interval=Duration.seconds(seconds),
            backoff_rate=2,
            max_attempts=attempts,
            max_delay=Duration.seconds(60),
            jitter_strategy=sfn.JitterType.FULL,
        )
