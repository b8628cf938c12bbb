"""Tells a chat or a program through the address that an SSM parameter holds."""

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import aws_errors
from lambdaloop.adapters.https_post import post
from lambdaloop.domain.alert import Severity
from lambdaloop.domain.alert_message import AlertMessage
from lambdaloop.domain.alert_rules import AlertChannel
from lambdaloop.domain.errors import AlertUndeliveredError, BackendUnavailableError
from lambdaloop.domain.webhook_body import body_of, signed
from lambdaloop.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

ATTEMPTS = 3
_FIRST_WAIT_SECONDS = 1.0
_SECONDS = 5.0
"""For connecting, and for each piece of the answer."""

Post = Callable[[str, bytes, Mapping[str, str]], tuple[int, str]]


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    return post(url, body, headers, seconds=_SECONDS)


class WebhookSender:
    """The port AlertSender. IAM: ssm:GetParameter on its parameter.

    The parameter's value is the address, or {"url": …, "secret": …}; a webhook needs the secret, by which its messages are signed.
    """

    def __init__(
        self,
        channel: AlertChannel,
        *,
        clock: Clock,
        client: "SSMClient | None" = None,
        post: Post = _post,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._channel = channel
        self._clock = clock
        self._client: SSMClient = client or aws_client("ssm")
        self._post = post
        self._sleep = sleep

    @property
    def name(self) -> str:
        """As in the plan."""
        return self._channel.name

    @property
    def least(self) -> Severity:
        """What is less bad than this is not sent."""
        return self._channel.least

    def send(self, message: AlertMessage) -> None:
        """Deliver it; AlertUndeliveredError after bounded retries, without the address in its words."""
        url, secret = self._address()
        body = body_of(self._channel.kind, message)
        problem = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                wait = _FIRST_WAIT_SECONDS * 2 ** (attempt - 1)
                self._sleep(random.uniform(wait / 2, wait))  # noqa: S311  (spreads callers, keeps no secret)
            headers: Mapping[str, str] = {}
            if secret is not None:
                seconds = int(self._clock.now().timestamp())
                headers = signed(body, secret=secret, seconds=seconds, identity=message.id)
            try:
                status, answer = self._post(url, body, headers)
            except AlertUndeliveredError as error:
                problem = str(error)
                continue
            if 200 <= status < 300:
                return
            problem = f"it answered {status}: {answer[:200]}"
            if status < 500 and status not in (408, 429):
                break  # asking the same again would be answered the same; a redirect is not followed
        raise AlertUndeliveredError(f"channel {self.name!r}: {problem}")

    def _address(self) -> tuple[str, str | None]:
        """Address and secret, read each time: who changes them need not deploy."""
        name = self._channel.parameter
        missing = AlertUndeliveredError(f"channel {self.name!r}: there is no parameter {name!r}: put it")
        try:
            with aws_errors({"ParameterNotFound": missing}, refused=BackendUnavailableError):
                answer = self._client.get_parameter(Name=name, WithDecryption=True)
        except BackendUnavailableError as error:
            raise AlertUndeliveredError(f"channel {self.name!r}: {name!r} cannot be read: {error}") from error
        value = answer["Parameter"].get("Value", "").strip()
        if not value.startswith("{"):
            value = json.dumps({"url": value})
        try:
            held = json.loads(value)
        except ValueError as error:
            raise AlertUndeliveredError(
                f"channel {self.name!r}: {name!r} is no JSON object: mend it"
            ) from error
        secret = held.get("secret")
        if (self._channel.kind == "webhook" and not secret) or not isinstance(secret, str | None):
            raise AlertUndeliveredError(
                f'channel {self.name!r}: {name!r} must be {{"url": …, "secret": …}}: a webhook is signed'
            )
        return str(held.get("url", "")), secret
