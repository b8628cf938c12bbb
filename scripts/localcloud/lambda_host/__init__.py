"""AWS Lambda for the local cloud: every function version in processes of its own, under AWS's own runtime client.

moto would need Docker, ignores qualifiers, weights, revisions and throttling, and retries nothing.
"""

from collections.abc import Mapping
from typing import Any

from scripts.localcloud import iam, moto_seams
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.lambda_host import installed, seam
from scripts.localcloud.lambda_host.errors import LambdaApiError, TooManyRequestsError
from scripts.localcloud.lambda_host.host import LambdaHost, Outcome
from scripts.localcloud.lambda_host.names import FunctionName, parse_name

__all__ = [
    "FunctionName",
    "LambdaApiError",
    "LambdaHost",
    "Outcome",
    "TooManyRequestsError",
    "current",
    "install",
    "parse_name",
]

current = installed.host
"""The host of the local cloud in this process; RuntimeError when none was installed."""


def install(cloud: Cloud, *, settle_seconds: float = 1.0, idle_seconds: float = 300.0) -> None:
    """Run moto's Lambda functions in processes from now on; IAM comes with it, because functions have roles.

    `settle_seconds` of virtual time a function stays Pending or InProgress after a change, `idle_seconds` of real
    time a process waits for its next event. POST /_localcloud/lambda/events {"deliver_twice": true} makes every
    asynchronous event arrive twice. Calling it again for the same cloud changes nothing.
    """
    if not moto_seams.of(cloud).first("lambda_host"):
        return
    iam.install(cloud)
    host = LambdaHost(cloud, iam.of(cloud), settle_seconds=settle_seconds, idle_seconds=idle_seconds)
    seam.attach(host)
    cloud.on_shutdown.append(host.shutdown)
    cloud.status["lambda"] = host.status
    cloud.busy.append(host.busy)
    cloud.due.append(lambda _until: host.next_due())

    def configure_events(request: Mapping[str, Any]) -> dict[str, Any]:
        if request.keys() != {"deliver_twice"} or not isinstance(request["deliver_twice"], bool):
            raise ValueError(f"give deliver_twice as true or false, got {dict(request)}")
        host.deliver_twice = request["deliver_twice"]
        return {"deliver_twice": host.deliver_twice}

    cloud.routes["POST", "lambda/events"] = configure_events
