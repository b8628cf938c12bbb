"""What people were told, and the ways to tell them, in memory."""

from collections.abc import Sequence

from lambdaloop.domain.alert import AlertState, Severity
from lambdaloop.domain.alert_message import AlertMessage
from lambdaloop.domain.errors import AlertUndeliveredError, ConflictError


class FakeAlertLog:
    """The port AlertLog."""

    def __init__(self) -> None:
        self.states: dict[str, AlertState] = {}

    def alert(self, key: str) -> AlertState | None:
        return self.states.get(key)

    def open_alerts(self) -> Sequence[AlertState]:
        return [each for each in self.states.values() if each.held_until or each.letters]

    def record_alert(self, state: AlertState, *, before: AlertState | None) -> None:
        known = self.states.get(state.key)
        if (known and known.revision) != (before and before.revision):
            raise ConflictError(f"the alert {state.key!r} changed meanwhile")
        self.states[state.key] = state


class FakeSender:
    """The port AlertSender; fails, or breaks its promise, as often as it is told to."""

    def __init__(
        self, name: str, *, least: Severity = "warning", failures: int = 0, crashes: int = 0
    ) -> None:
        self.name = name
        self.least = least
        self.failures = failures
        self.crashes = crashes
        self.messages: list[AlertMessage] = []

    def send(self, message: AlertMessage) -> None:
        if self.crashes:
            self.crashes -= 1
            raise RuntimeError("out of memory")
        if self.failures:
            self.failures -= 1
            raise AlertUndeliveredError(f"channel {self.name!r}: it answered 500")
        self.messages.append(message)


class FakeAlertMetrics:
    """The port AlertMetrics."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def failed(self, channel: str, problem: str) -> None:
        assert channel in problem
        self.failures.append(channel)
