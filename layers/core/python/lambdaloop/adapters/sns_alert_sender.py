"""Tells everybody who subscribed to the platform's topic."""

from lambdaloop.domain.alert import Severity
from lambdaloop.domain.alert_message import AlertMessage
from lambdaloop.domain.alert_rules import TOPIC
from lambdaloop.domain.errors import AlertUndeliveredError, BackendUnavailableError
from lambdaloop.ports import Notices


class TopicSender:
    """The port AlertSender."""

    def __init__(self, notices: Notices, *, least: Severity) -> None:
        self._notices = notices
        self._least = least

    @property
    def name(self) -> str:
        """As in figures."""
        return TOPIC

    @property
    def least(self) -> Severity:
        """What is less bad than this is not sent."""
        return self._least

    def send(self, message: AlertMessage) -> None:
        """Deliver it; AlertUndeliveredError after bounded retries."""
        try:
            self._notices.tell(message.title, message.text)
        except BackendUnavailableError as error:
            raise AlertUndeliveredError(f"channel {TOPIC!r}: {error}") from error
