"""What answers requests, who gets them, and what was seen of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from lambdaloop.domain.documents import Document
from lambdaloop.domain.explained_scale import Scale
from lambdaloop.domain.fleet import ModelTraffic
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.release import Release, ReleasePin
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.traffic import Observation, PublishedVersion, Routing


class ServedModel(Protocol):
    """A version in memory, ready to answer."""

    @property
    def signature(self) -> Signature:
        """What it takes and gives."""
        ...

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Output]:
        """One output per row; RowsInvalidError with every problem when rows do not fit the signature."""
        ...

    def exact_shares(
        self,
        row: Mapping[str, Any],
        background: Sequence[Mapping[str, Any]],
        *,
        label: str | None,
        scale: Scale,
    ) -> Sequence[Mapping[str, float]] | None:
        """Shapley values of the row's output, feature by feature, against each background row; None where it knows none."""
        ...


class Traffic(Protocol):
    """The inference function of one model: its published versions and the routing of its live alias."""

    def routing(self) -> Routing:
        """Where requests go now."""
        ...

    def route(
        self,
        routing: Routing,
        *,
        stable: str,
        candidate: str | None = None,
        weight: float = 0.0,
        note: str = "",
    ) -> Routing:
        """Change the routing that was read as `routing`, and the note at it; RoutingChangedError when somebody was faster.

        LambdaVersionDeletedError when one of the versions does not exist.
        """
        ...

    def publish(self, pin: ReleasePin) -> str:
        """Publish the deployed code with this pin; the Lambda version that already has it is returned as it is.

        ReleaseNotReadyError while Lambda is still working on the function: ask again.
        """
        ...

    def check_ready(self, lambda_version: str) -> None:
        """ReleaseNotReadyError until the version can be invoked; VerificationFailedError when it never will."""
        ...

    def invoke(self, lambda_version: str, event: Document) -> Document:
        """Send one event to that very version; VerificationFailedError when the function fails."""
        ...

    def pin_of(self, lambda_version: str) -> ReleasePin | None:
        """What a version serves, None for one without a pin; LambdaVersionDeletedError when there is no such version.

        ReleaseNotReadyError when it cannot be invoked now: Lambda puts a version with SnapStart to sleep after two weeks.
        """
        ...

    def published(self) -> Sequence[PublishedVersion]:
        """Every version that exists, the bootstrap version among them."""
        ...

    def delete(self, lambda_version: str) -> bool:
        """Delete a version, if it is there; False, and it stays, when an alias sends requests to it."""
        ...


class TrafficObserver(Protocol):
    """What CloudWatch knows about live traffic."""

    def observe(self, release: Release, *, since: datetime, until: datetime, alone: bool) -> Observation:
        """Figures of the release behind the live alias, in the whole minutes that touch the window.

        `alone` says that all of the alias's requests went to it; then minutes that began before the window count only
        when there are no others.
        """
        ...

    def alarm_states(self, names: Sequence[str]) -> Mapping[str, str]:
        """OK, ALARM or INSUFFICIENT_DATA by name; a missing alarm is left out."""
        ...


class FleetFigures(Protocol):
    """What CloudWatch knows about all models together."""

    def traffic(
        self, releases: Mapping[str, Sequence[int]], *, start: datetime, end: datetime
    ) -> Mapping[str, ModelTraffic]:
        """By model, of these models and these of their releases; BackendUnavailableError unless all of it is known."""
        ...

    def ringing(self) -> Sequence[str]:
        """Names of the alarms that ring."""
        ...


class ServedPredictions(Protocol):
    """How many predictions were answered, as somebody else than the prediction log counted them."""

    def served(self, model: str, *, start: datetime, end: datetime) -> float | None:
        """In whole hours; None when nothing was counted."""
        ...


class FailedRequests(Protocol):
    """How many requests failed, as the inference function counted them."""

    def failed(
        self, model: str, *, release: int, variant: str | None, start: datetime, end: datetime
    ) -> float:
        """Of one arm of a release, or of all of it, with a 5xx status, in whole hours; none before the first whole one."""
        ...
