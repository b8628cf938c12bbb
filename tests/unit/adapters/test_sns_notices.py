"""What people are told through the topic."""

from typing import Any, cast

from lambdaloop.adapters.sns_notices import SnsNotices
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
