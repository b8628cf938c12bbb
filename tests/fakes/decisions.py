"""The governor's decisions in memory: the same promises as the DynamoDB ones, proved by the same contract tests."""

from collections.abc import Sequence
from datetime import datetime
from threading import RLock

from lambdaloop.domain.decision import Decision
from lambdaloop.domain.errors import DecisionOutdatedError


class InMemoryDecisions:
    """The port DecisionLog; one lock makes every method a transaction."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._decisions: dict[tuple[str, str], Decision] = {}
        self._retrainings: dict[str, Decision] = {}

    def record_decision(self, decision: Decision, *, since: Decision | None) -> bool:
        with self._lock:
            if (decision.model, decision.id) in self._decisions:
                return False
            if decision.retrain:
                if self.last_retraining(decision.model) != since:
                    raise DecisionOutdatedError(f"another retraining of {decision.model} was decided on")
                self._retrainings[decision.model] = decision
            self._decisions[decision.model, decision.id] = decision
            return True

    def decision(self, model: str, decision: str) -> Decision | None:
        return self._decisions.get((model, decision))

    def last_retraining(self, model: str) -> Decision | None:
        return self._retrainings.get(model)

    def last_upload(self, model: str) -> datetime | None:
        return max((each.asked_at for each in self._of(model) if each.cause == "data"), default=None)

    def decisions(self, model: str, *, limit: int = 100, quiet: bool = True) -> Sequence[Decision]:
        found = [each for each in self._of(model) if quiet or not each.quiet]
        return sorted(found, key=lambda each: (each.at, each.id), reverse=True)[:limit]

    def _of(self, model: str) -> list[Decision]:
        with self._lock:
            return [each for each in self._decisions.values() if each.model == model]
