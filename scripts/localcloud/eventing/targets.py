"""Hands a payload to a resource by its ARN, through the AWS API of the local cloud itself.

Going through the API keeps one road for everything: Lambda's asynchronous retries, the idempotency of
StartExecution, SNS filter policies. Call these without the lock of moto: each is a request that needs it.
"""

import threading
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scripts.localcloud import clients, moto_seams
from scripts.localcloud.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICES = ("lambda", "states", "sns", "sqs", "firehose", "logs")
"""Services that `send` knows, as they are called in an ARN."""

_THROTTLES = (
    "Throttling",
    "TooManyRequests",
    "LimitExceeded",
    "SlowDown",
    "ServiceUnavailable",
    "RequestLimit",
)


class DeliveryError(Exception):
    """A target did not take a payload; `retryable` when the same call may succeed later."""

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable


class Clients:
    """One client per service, made on first use: making one costs more than a hundred calls."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._guard = threading.Lock()
        self._clients: dict[str, Any] = {}

    def get(self, service: str) -> Any:
        """The client, with the rights of the account's owner and no retries of its own."""
        with self._guard:
            if service not in self._clients:
                self._clients[service] = clients.client(
                    service,
                    self._cloud.endpoint_url,
                    config=Config(retries={"total_max_attempts": 1}, read_timeout=900),
                )
            return self._clients[service]


def send(cloud: Cloud, target: "Mapping[str, Any]", payload: str, name: str) -> None:
    """Deliver a payload (text, usually JSON) to an EventBridge target; `name` names what is started.

    Raises DeliveryError.
    """
    arn = target["Arn"]
    match arn.split(":")[2]:
        case "lambda":
            invoke(cloud, arn, payload)
        case "states":
            _call(cloud, "stepfunctions", "start_execution", stateMachineArn=arn, name=name, input=payload)
        case "sns":
            publish(cloud, arn, payload)
        case "sqs":
            _send_message(cloud, arn, payload, target.get("SqsParameters") or {})
        case "firehose":
            record = {"Data": payload.encode()}
            _call(cloud, "firehose", "put_record", DeliveryStreamName=arn.rpartition("/")[2], Record=record)
        case "logs":
            _write_log(cloud, arn, payload, name)
        case service:
            raise DeliveryError("NotEmulated", f"no deliveries to {service}, got {arn}", retryable=False)


def invoke(cloud: Cloud, arn: str, payload: str) -> None:
    """Invoke a function asynchronously.

    Raises DeliveryError if Lambda does not accept the event; what the function makes of it is Lambda's business.
    """
    _call(cloud, "lambda", "invoke", FunctionName=arn, InvocationType="Event", Payload=payload.encode())


def invoke_and_wait(cloud: Cloud, arn: str, payload: str) -> bytes:
    """Invoke a function and return its answer.

    Raises DeliveryError if it cannot be invoked or fails.
    """
    answer = _call(cloud, "lambda", "invoke", FunctionName=arn, Payload=payload.encode())
    body: bytes = answer["Payload"].read()
    if answer.get("FunctionError"):
        raise DeliveryError("Lambda.FunctionError", body.decode(errors="replace"), retryable=True)
    return body


def publish(cloud: Cloud, topic_arn: str, message: str, subject: str | None = None) -> None:
    """Publish to an SNS topic.

    Raises DeliveryError.
    """
    extra = {"Subject": subject} if subject else {}
    _call(cloud, "sns", "publish", TopicArn=topic_arn, Message=message, **extra)


def send_to_dead_letters(cloud: Cloud, queue_arn: str, body: str, attributes: dict[str, str]) -> None:
    """Send what could not be delivered to an SQS queue.

    Raises DeliveryError.
    """
    described = {
        name: {"DataType": "String", "StringValue": text} for name, text in attributes.items() if text
    }
    _send_message(cloud, queue_arn, body, {}, described)


def _send_message(
    cloud: Cloud,
    queue_arn: str,
    body: str,
    parameters: "Mapping[str, Any]",
    attributes: "Mapping[str, Any] | None" = None,
) -> None:
    url = _call(cloud, "sqs", "get_queue_url", QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
    group = {"MessageGroupId": parameters["MessageGroupId"]} if "MessageGroupId" in parameters else {}
    _call(
        cloud,
        "sqs",
        "send_message",
        QueueUrl=url,
        MessageBody=body,
        MessageAttributes=attributes or {},
        **group,
    )


def _write_log(cloud: Cloud, arn: str, message: str, stream: str) -> None:
    group = arn.split(":log-group:")[1].removesuffix(":*")
    _call(cloud, "logs", "create_log_stream", logGroupName=group, logStreamName=stream)
    event = {"timestamp": int(cloud.clock.time() * 1000), "message": message}
    _call(cloud, "logs", "put_log_events", logGroupName=group, logStreamName=stream, logEvents=[event])


def _call(cloud: Cloud, service: str, operation: str, **arguments: Any) -> Any:
    client = moto_seams.of(cloud).part(Clients, lambda: Clients(cloud)).get(service)
    try:
        return getattr(client, operation)(**arguments)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        retryable = (status >= 500 and status != 501) or any(word in code for word in _THROTTLES)
        raise DeliveryError(code, message, retryable=retryable) from error
    except BotoCoreError as error:
        raise DeliveryError(type(error).__name__, str(error), retryable=True) from error
