"""An inference function in memory: published versions and the routing of its live alias."""

from collections.abc import Callable, Sequence

from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import (
    LambdaVersionDeletedError,
    ReleaseNotReadyError,
    RoutingChangedError,
    VerificationFailedError,
)
from lambdaloop.domain.release import ReleasePin
from lambdaloop.domain.traffic import PublishedVersion, Routing

Answer = Callable[[ReleasePin | None, Document], Document]


class InMemoryTraffic:
    """The port Traffic; version 1 is the bootstrap version that carries no pin."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.versions: dict[str, ReleasePin | None] = {"1": None}
        self.answer = answer
        self.busy = 0
        """So many calls of publish and check_ready find Lambda at work."""
        self.changes: list[Routing] = []
        """Every routing that was set, in order."""
        self._routing = Routing(stable="1", revision="r0")
        self._published = 1

    def routing(self) -> Routing:
        return self._routing

    def route(
        self,
        routing: Routing,
        *,
        stable: str,
        candidate: str | None = None,
        weight: float = 0.0,
        note: str = "",
    ) -> Routing:
        if routing.revision != self._routing.revision:
            raise RoutingChangedError("the live alias changed since it was read")
        if {stable, candidate} - {*self.versions, None}:
            raise LambdaVersionDeletedError(f"there is no version {stable} or {candidate}")
        self._routing = Routing(
            stable=stable,
            candidate=candidate,
            weight=weight,
            revision=f"r{len(self.changes) + 1}",
            note=note,
        )
        self.changes.append(self._routing)
        return self._routing

    def publish(self, pin: ReleasePin) -> str:
        self._wait()
        for number, published in self.versions.items():
            if published == pin:
                return number
        self._published += 1  # numbers of deleted versions never come again
        number = str(self._published)
        self.versions[number] = pin
        return number

    def check_ready(self, lambda_version: str) -> None:
        if lambda_version not in self.versions:
            raise VerificationFailedError(f"there is no version {lambda_version}")
        self._wait()

    def invoke(self, lambda_version: str, event: Document) -> Document:
        if self.answer is None:
            raise VerificationFailedError(f"version {lambda_version} failed")
        return self.answer(self.versions[lambda_version], event)

    def pin_of(self, lambda_version: str) -> ReleasePin | None:
        if lambda_version not in self.versions:
            raise LambdaVersionDeletedError(f"there is no version {lambda_version}")
        return self.versions[lambda_version]

    def published(self) -> Sequence[PublishedVersion]:
        return [
            PublishedVersion(lambda_version=number, release=None if pin is None else pin.release)
            for number, pin in self.versions.items()
        ]

    def delete(self, lambda_version: str) -> bool:
        if lambda_version in (self._routing.stable, self._routing.candidate):
            return False
        self.versions.pop(lambda_version, None)
        return True

    def _wait(self) -> None:
        if self.busy:
            self.busy -= 1
            raise ReleaseNotReadyError("Lambda is at work")
