"""What people are told through the topic."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from lambdaloop.adapters.sns_alert_sender import TopicSender
from lambdaloop.adapters.sns_notices import SnsNotices
from lambdaloop.domain.alert_message import AlertMessage
from lambdaloop.domain.errors import AlertUndeliveredError
from lambdaloop.domain.stage import Stage


class FakeSns:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.published: list[dict[str, str]] = []

    def publish(self, **message: str) -> None:
        self.published.append(message)


def test_commands_in_a_message_are_those_of_the_stage() -> None:
    sns = FakeSns()
    notices = SnsNotices(topic="topic", stage=Stage("dev"), client=cast("Any", sns))
    notices.tell("Release 3", "Say yes:\n  lambdaloop releases approve churn 3\nThe lambdaloop rang.")
    assert [each["Message"] for each in sns.published] == [
        "Say yes:\n  lambdaloop --stage dev releases approve churn 3\nThe lambdaloop rang."
    ]


def test_a_topic_that_is_gone_leaves_the_other_channels_their_turn() -> None:
    class Gone:
        def publish(self, **_message: str) -> None:
            raise ClientError({"Error": {"Code": "NotFound", "Message": "Topic does not exist"}}, "Publish")

    message = AlertMessage(
        id="a@1",
        severity="warning",
        title="churn drifts",
        facts=(("Since", "noon"),),
        note="",
        link=None,
        command=None,
        document={},
    )
    sender = TopicSender(SnsNotices(topic="topic", client=cast("Any", Gone())), least="warning")
    with pytest.raises(AlertUndeliveredError, match=r"channel 'topic': .*Topic does not exist"):
        sender.send(message)
