"""An inference function in memory: published versions and the routing of its live alias."""

from collections.abc import Callable

from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import ReleaseNotReadyError, RoutingChangedError, VerificationFailedError
from lambdaloop.domain.release import ReleasePin
from lambdaloop.domain.traffic import Routing

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

    def routing(self) -> Routing:
        return self._routing

    def route(
        self, routing: Routing, *, stable: str, candidate: str | None = None, weight: float = 0.0
    ) -> Routing:
        if routing.revision != self._routing.revision:
            raise RoutingChangedError("the live alias changed since it was read")
        self._routing = Routing(
            stable=stable, candidate=candidate, weight=weight, revision=f"r{len(self.changes) + 1}"
        )
        self.changes.append(self._routing)
        return self._routing

    def publish(self, pin: ReleasePin) -> str:
        self._wait()
        for number, published in self.versions.items():
            if published == pin:
                return number
        number = str(len(self.versions) + 1)
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

    def _wait(self) -> None:
        if self.busy:
            self.busy -= 1
            raise ReleaseNotReadyError("Lambda is at work")
