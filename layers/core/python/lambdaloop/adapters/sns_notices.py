"""Tells people through the platform's SNS topic, with the stage in the commands that they may type."""

from typing import TYPE_CHECKING

from lambdaloop.adapters.aws_client import aws_client
from lambdaloop.adapters.aws_errors import aws_errors
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.stage import ONLY, Stage

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_LONGEST_SUBJECT = 100  # of SNS, and ASCII without line breaks


class SnsNotices:
    """The port Notices. IAM: sns:Publish."""

    def __init__(self, *, topic: str, stage: Stage = ONLY, client: "SNSClient | None" = None) -> None:
        self._topic = topic
        self._stage = stage
        self._client: SNSClient = client or aws_client("sns")

    def tell(self, subject: str, text: str) -> None:
        """Send a message to everybody who subscribed; BackendUnavailableError after bounded retries, or where SNS refuses it for good."""
        line = " ".join(subject.split()).encode("ascii", "replace").decode()[:_LONGEST_SUBJECT]
        with aws_errors(refused=BackendUnavailableError):
            self._client.publish(TopicArn=self._topic, Subject=line, Message=self._stage.told(text))
