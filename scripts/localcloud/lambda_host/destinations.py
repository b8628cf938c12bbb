"""Where events go when a function is done with them: SQS, SNS, another function, an event bus.

Delivered with the role of the function, as in AWS: without the right to send, nothing arrives.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from scripts.localcloud import clients
from scripts.localcloud.iam import Principal
from scripts.localcloud.lambda_host.errors import NotEmulatedError
from scripts.localcloud.lambda_host.function import HostedFunction
from scripts.localcloud.lambda_host.names import FunctionName

if TYPE_CHECKING:
    from scripts.localcloud.lambda_host.host import LambdaHost


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What became of one event; `condition` is Success, RetriesExhausted or EventAgeExceeded."""

    request_id: str
    function: FunctionName
    condition: str
    attempts: int
    request: Any
    response: Any
    failed: bool
    executed_version: str | None

    def document(self, timestamp: str) -> dict[str, Any]:
        """As destinations receive it."""
        arn = FunctionName(self.function.name, self.function.qualifier or "$LATEST").arn
        document: dict[str, Any] = {
            "version": "1.0",
            "timestamp": timestamp,
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": arn,
                "condition": self.condition,
                "approximateInvokeCount": self.attempts,
            },
            "requestPayload": self.request,
        }
        if self.executed_version is not None:
            error = {"functionError": "Unhandled"} if self.failed else {}
            document["responseContext"] = {
                "statusCode": 200,
                "executedVersion": self.executed_version,
                **error,
            }
            document["responsePayload"] = self.response
        return document


def deliver(host: "LambdaHost", destination: str, record: Record) -> None:
    """Send the record of an event to a destination.

    Raises ClientError when the role of the function may not, NotEmulatedError for an unknown kind of destination.
    """
    timestamp = host.cloud.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    document = record.document(timestamp)
    function = host.find(FunctionName(record.function.name))
    if ":event-bus/" in destination:
        outcome = "Success" if record.condition == "Success" else "Failure"
        entry = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {outcome}",
            "Detail": json.dumps(document),
            "EventBusName": destination,
            "Resources": [destination, document["requestContext"]["functionArn"]],
        }
        _with_client(host, function, "events", lambda events: events.put_events(Entries=[entry]))
        return
    _send(host, function, destination, json.dumps(document), {})


def deliver_document(
    host: "LambdaHost", name: FunctionName, destination: str, document: dict[str, Any]
) -> None:
    """Send what an event source mapping has to tell to its queue or topic.

    Raises ClientError when the role of the function may not.
    """
    _send(host, host.find(FunctionName(name.name)), destination, json.dumps(document), {})


def send_to_dead_letter_queue(host: "LambdaHost", record: Record) -> None:
    """Send an event itself, with the reason in attributes, to the queue or topic of DeadLetterConfig, if any.

    Raises ClientError when the role of the function may not.
    """
    function = host.find(FunctionName(record.function.name))
    queue = function.dead_letter_config.get("TargetArn")
    if not queue:
        return
    reason = record.response if isinstance(record.response, dict) else {}
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": record.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {
            "DataType": "String",
            "StringValue": str(reason.get("errorMessage") or record.condition),
        },
    }
    _send(host, function, queue, json.dumps(record.request), attributes)


def _send(
    host: "LambdaHost",
    function: HostedFunction,
    arn: str,
    message: str,
    attributes: dict[str, dict[str, str]],
) -> None:
    service, name = arn.split(":")[2], arn.rpartition(":")[2]
    if service == "sqs":
        url = f"{host.cloud.endpoint_url}/{function.account_id}/{name}"
        _with_client(
            host,
            function,
            "sqs",
            lambda sqs: sqs.send_message(QueueUrl=url, MessageBody=message, MessageAttributes=attributes),
        )
    elif service == "sns":
        _with_client(
            host,
            function,
            "sns",
            lambda sns: sns.publish(TopicArn=arn, Message=message, MessageAttributes=attributes),
        )
    elif service == "lambda":
        _with_client(
            host,
            function,
            "lambda",
            lambda client: client.invoke(FunctionName=arn, InvocationType="Event", Payload=message),
        )
    else:
        raise NotEmulatedError(f"destinations of {service}")


def _with_client(
    host: "LambdaHost", function: HostedFunction, service: str, call: Callable[[Any], object]
) -> None:
    principals = host.iam.principals
    principal: Principal = principals.for_function(
        role_arn=function.role, function_name=function.function_name
    )
    try:
        call(
            clients.client(
                service,
                host.cloud.endpoint_url,
                config=Config(),
                access_key=principal.access_key,
                secret_key=principal.secret_key,
                session_token=principal.session_token,
            )
        )
    finally:
        principals.forget(principal)
