"""The event side of the local cloud over HTTP, with a frozen clock and a Lambda that only notes who called it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
from moto.awslambda.models import LambdaBackend
from moto.core.config import default_user_config
from moto.moto_api._internal.models import moto_api_backend

from scripts.localcloud import (
    alarms,
    event_bus,
    firehose,
    http_server,
    logs,
    metrics,
    moto_seams,
    schedules,
)
from scripts.localcloud.clock import VirtualClock
from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.eventing import work_queue
from scripts.localcloud.serialized_moto import SerializedMoto

MINUTE = 60


@dataclass
class Invocation:
    function: str
    kind: str
    event: Any


@dataclass
class RecordingLambda:
    """Takes every invocation; answers with `answer(event)`, or refuses with the next of `errors`."""

    invocations: list[Invocation] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def invoke(self, function_name: str, _qualifier: Any, body: Any, headers: Any, _response: Any) -> bytes:
        if self.errors:
            raise self.errors.pop(0)
        event = json.loads(body)
        self.invocations.append(Invocation(function_name, headers.get("X-Amz-Invocation-Type", ""), event))
        answer = self.answers.pop(0) if self.answers else None
        return json.dumps(answer(event) if callable(answer) else answer).encode()

    @property
    def events(self) -> list[Any]:
        return [invocation.event for invocation in self.invocations]


@dataclass
class EventingCloud:
    cloud: Cloud
    functions: RecordingLambda

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.cloud.endpoint_url, region_name=REGION)  # type: ignore[call-overload]

    @property
    def now(self) -> float:
        return self.cloud.clock.time()

    def advance(self, seconds: float) -> None:
        self.cloud.clock.advance(seconds)

    def deliver(self) -> None:
        work_queue.of(self.cloud).run_due()

    def queue(self, name: str) -> str:
        """Creates a queue; returns its ARN."""
        self.client("sqs").create_queue(QueueName=name)
        return f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}"

    def messages(self, name: str) -> list[dict[str, Any]]:
        """Takes what waits in a queue."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found: list[dict[str, Any]] = []
        while True:
            answer = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
            )
            if not answer.get("Messages"):
                return found
            for message in answer["Messages"]:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found += answer["Messages"]

    def service_role(self, service: str, *actions: str, name: str = "") -> str:
        """Creates a role that one service may assume for these actions, by default none; returns its ARN."""
        return self.role(name or service, service, actions=list(actions) or "none:Nothing")

    def role(self, name: str, *services: str, actions: str | list[str]) -> str:
        """Creates a role that services may assume; returns its ARN."""
        trusted = [f"{service}.amazonaws.com" for service in services]
        trust = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
        iam = self.client("iam")
        arn: str = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
        )["Role"]["Arn"]
        may = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        iam.put_role_policy(
            RoleName=name,
            PolicyName="may",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]}),
        )
        return arn

    def objects(self, bucket: str) -> dict[str, bytes]:
        s3 = self.client("s3")
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/may-deliver"
"""What rules and schedules of tests deliver with."""


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}"


@contextmanager
def eventing_cloud(state_dir: Path) -> Iterator[EventingCloud]:
    """A cloud at the start of a minute; moto is as before when it ends."""
    with ExitStack() as running:
        running.callback(moto_api_backend.reset)
        running.callback(moto_seams.restore)
        clock = VirtualClock(speed=0)
        clock.advance(MINUTE - clock.time() % MINUTE)
        cloud = Cloud(state_dir=state_dir, port=0, gateway_port=0, clock=clock)
        for part in (alarms, logs, schedules, firehose, metrics, event_bus):
            part.install(cloud)
        functions = RecordingLambda()
        moto_seams.of(cloud).replace(LambdaBackend, "invoke", functions.invoke)
        settings: Any = default_user_config["stepfunctions"]
        running.callback(settings.update, {"execute_state_machine": False})
        settings["execute_state_machine"] = True
        server = http_server.listen(SerializedMoto(cloud), 0, clock.time)
        cloud.port = server.server_port
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        running.callback(thread.join)
        running.callback(server.server_close)
        running.callback(server.shutdown)
        eventing = EventingCloud(cloud, functions)
        eventing.role("may-deliver", "events", "scheduler", actions="*")
        yield eventing


def rule(
    cloud: EventingCloud, *targets: dict[str, Any], pattern: Any = None, name: str = "rule", **more: Any
) -> Any:
    """Put a rule with these targets; returns the client of EventBridge."""
    events = cloud.client("events")
    given = {"EventPattern": json.dumps(pattern)} if pattern else {}
    events.put_rule(Name=name, **given, **more)
    events.put_targets(Rule=name, Targets=[{"Id": str(n), **target} for n, target in enumerate(targets)])
    return events
