"""What AWS services tell about themselves: events of S3 objects, events and metrics of Step Functions executions.

moto has S3 events with constant ids and another shape than AWS's, and none for executions. Seams:

* `moto.s3.notifications._send_event_bridge_message`: moto calls it for buckets that enable EventBridge
* `moto.s3.notifications._invoke_awslambda`: moto runs the function while the S3 request holds the lock, and a
  function that calls AWS would wait for it for ever
* `Execution.start` and `BaseExecutionWorkerCommunication.terminated` of the Step Functions engine
"""

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from moto.s3 import notifications
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from scripts.localcloud import metrics, moto_seams
from scripts.localcloud.cloud import ACCOUNT_ID, Cloud
from scripts.localcloud.eventing import targets, work_queue

_EXECUTION_METRICS = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}

Publish = Callable[..., None]
"""`event_bus.publish`."""

_REASONS = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "s3:ObjectRemoved:Delete": "DeleteObject",
    "s3:ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
_DELETION_TYPES = {
    "s3:ObjectRemoved:Delete": "Permanently Deleted",
    "s3:ObjectRemoved:DeleteMarkerCreated": "Delete Marker Created",
}


def install(cloud: Cloud, publish: Publish) -> None:
    """Send the events with `publish`."""
    seams = moto_seams.of(cloud)
    start_in_moto = Execution.start
    terminated_in_moto = BaseExecutionWorkerCommunication.terminated

    def send_event_bridge_message(_account_id: str, bucket: Any, event_name: Any, key: Any) -> None:
        name = str(getattr(event_name, "value", event_name))
        if name in _REASONS:
            publish(
                cloud,
                source="aws.s3",
                detail_type="Object Deleted" if name in _DELETION_TYPES else "Object Created",
                resources=[bucket.arn],
                detail=_object_detail(cloud, name, bucket, key),
            )

    def invoke_function(_account_id: str, event_body: Any, fn_arn: str, _region_name: str) -> None:
        text = json.dumps(event_body)
        work_queue.of(cloud).add(lambda: targets.invoke(cloud, fn_arn, text))

    def start(execution: Any) -> None:
        start_in_moto(execution)
        _execution_changed(cloud, publish, execution, "RUNNING")

    def terminated(communication: Any) -> None:
        terminated_in_moto(communication)
        _execution_changed(cloud, publish, communication.execution, communication.execution.status)

    seams.replace(notifications, "_send_event_bridge_message", send_event_bridge_message)
    seams.replace(notifications, "_invoke_awslambda", invoke_function)
    seams.replace(Execution, "start", start)
    seams.replace(BaseExecutionWorkerCommunication, "terminated", terminated)


def _object_detail(cloud: Cloud, name: str, bucket: Any, key: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"key": key.name}
    if name not in _DELETION_TYPES:
        described |= {"size": key.size, "etag": key.etag.strip('"')}
    if key.version_id:
        described["version-id"] = key.version_id
    described["sequencer"] = f"{int(cloud.clock.time() * 1_000_000):018X}"
    detail = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": described,
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": ACCOUNT_ID,
        "source-ip-address": "127.0.0.1",
        "reason": _REASONS[name],
    }
    return detail | ({"deletion-type": _DELETION_TYPES[name]} if name in _DELETION_TYPES else {})


def _execution_changed(cloud: Cloud, publish: Publish, execution: Any, status: str) -> None:
    machine = {"StateMachineArn": execution.state_machine.arn}
    metrics.count(cloud, "AWS/States", _EXECUTION_METRICS[status], machine)
    output = execution.output if status == "SUCCEEDED" else None
    publish(
        cloud,
        source="aws.states",
        detail_type="Step Functions Execution Status Change",
        resources=[execution.exec_arn],
        detail={
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine.arn,
            "name": execution.name,
            "status": status,
            "startDate": _milliseconds(execution.start_date),
            "stopDate": None if status == "RUNNING" else _milliseconds(execution.stop_date),
            "input": json.dumps(execution.input_data),
            "inputDetails": {"included": True},
            "output": None if output is None else json.dumps(output),
            "outputDetails": None if output is None else {"included": True},
            "error": execution.error,
            "cause": execution.cause,
        },
    )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
