"""What is told to CloudWatch and to people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from lambdaloop.domain.alert import AlertState, Severity
from lambdaloop.domain.alert_message import AlertMessage
from lambdaloop.domain.decision import Decision
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.experiment import Experiment, Look
from lambdaloop.domain.happening import Happening
from lambdaloop.domain.shadowing import ShadowFigures
from lambdaloop.domain.window import WindowReport


class RequestMetrics(Protocol):
    """Figures about requests for predictions."""

    def record(
        self, *, release: int | None, predictions: int, status: int, seconds: float, arm: str | None = None
    ) -> None:
        """Count one answered request; never fails it. `release` is None before the first one.

        `arm` is the one of an experiment that was asked last: a server error is its failure.
        """
        ...


class WatchMetrics(Protocol):
    """Figures about what the watch found."""

    def record(self, report: WindowReport, definition: ModelDefinition) -> None:
        """Tell the window's figures; telling them again changes nothing."""
        ...


class RetrainingMetrics(Protocol):
    """Figures about the governor."""

    def record(self, decision: Decision) -> None:
        """Count a decision that was recorded just now."""
        ...


class ShadowMetrics(Protocol):
    """Figures about a release that gets copies of requests."""

    def record(self, model: str, figures: ShadowFigures, *, at: datetime) -> None:
        """Tell the figures of one slice of time, by segment, too."""
        ...


class ExperimentMetrics(Protocol):
    """Figures about experiments."""

    def record(self, experiment: Experiment, look: Look) -> None:
        """Tell the look's figures; telling them again changes nothing."""
        ...


class Notices(Protocol):
    """Tells people."""

    def tell(self, subject: str, text: str) -> None:
        """Send a message; it may arrive twice."""
        ...


class HappeningBus(Protocol):
    """Tells programs."""

    def put(self, happenings: Sequence[Happening]) -> Sequence[bool]:
        """For each event whether it was taken, after bounded retries; it may arrive twice."""
        ...


class AlertLog(Protocol):
    """What people were told about what."""

    def alert(self, key: str) -> AlertState | None:
        """The state of one key."""
        ...

    def open_alerts(self) -> Sequence[AlertState]:
        """Those whose ending is held back, and those with letters that a channel does not have."""
        ...

    def record_alert(self, state: AlertState, *, before: AlertState | None) -> None:
        """Replace the state that was read; ConflictError when it is another one by now."""
        ...


class AlertSender(Protocol):
    """One way to people or to their tools."""

    @property
    def name(self) -> str:
        """As in the plan."""
        ...

    @property
    def least(self) -> Severity:
        """What is less bad than this is not sent."""
        ...

    def send(self, message: AlertMessage) -> None:
        """Deliver it; it may arrive twice. AlertUndeliveredError after bounded retries."""
        ...


class AlertMetrics(Protocol):
    """Figures about alerts."""

    def failed(self, channel: str, problem: str) -> None:
        """Count an alert that did not reach a channel, and say why."""
        ...
