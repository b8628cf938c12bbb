"""What past trainings say about the next one: whether one is at work, how long they took, which of them were any good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdaloop.domain.decision import Decision
from lambdaloop.domain.experiment import ENDED, Experiment
from lambdaloop.domain.experiment_life import PATIENCE
from lambdaloop.domain.release import BESIDE_STATUSES, OPEN_STATUSES, Release
from lambdaloop.domain.release_rules import longest_release
from lambdaloop.domain.run import Run

LONGEST_TRAINING = timedelta(hours=4)
"""The time limit of the training workflow. A run that is older and has not ended never will: its workflow was stopped
before it could say so."""
_SERVED = frozenset({"live", "superseded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingHistory:
    """The runs of a model, newest first, among them one that was decided on and has not begun."""

    runs: tuple[Run, ...]
    releases: tuple[Release, ...]
    """Newest first."""
    experiments: tuple[Experiment, ...]
    automatic: bool
    """Whether versions are released by themselves."""
    now: datetime

    @classmethod
    def of(
        cls,
        runs: Sequence[Run],
        *,
        releases: Sequence[Release],
        experiments: Sequence[Experiment],
        automatic: bool,
        last: Decision | None,
        now: datetime,
    ) -> "TrainingHistory":
        """Past trainings and, where it has left no trace yet, the one of the last decision to retrain."""
        begun = sorted(runs, key=lambda run: run.started_at, reverse=True)
        if last is not None and is_due(last, now=now) and last.run not in {run.id for run in begun}:
            begun.insert(0, _expected(last))
        return cls(
            runs=tuple(begun),
            releases=tuple(releases),
            experiments=tuple(experiments),
            automatic=automatic,
            now=now,
        )

    @property
    def at_work(self) -> tuple[Run, ...]:
        """Those that are running."""
        return tuple(run for run in self.runs if run.status == "running" and not self._is_dead(run))

    @property
    def dead(self) -> tuple[Run, ...]:
        """Those that are said to run, but cannot any more."""
        return tuple(run for run in self.runs if run.status == "running" and self._is_dead(run))

    @property
    def last(self) -> Run | None:
        """The newest one that has ended."""
        return next((run for run in self.runs if run not in self.at_work), None)

    @property
    def last_complete(self) -> Run | None:
        """The newest one that came to a verdict about its data."""
        return next((run for run in self.runs if run.status in ("registered", "rejected")), None)

    @property
    def captured_until(self) -> datetime | None:
        """Up to when complete trainings have used what was captured; None when none has."""
        used = (run.captured_until for run in self.runs if run.status in ("registered", "rejected"))
        return max((each for each in used if each is not None), default=None)

    @property
    def in_vain(self) -> int:
        """How many in a row, up to now, gave no new champion; one that has not been tried yet, or not to the end, is not counted.

        A champion that somebody rolled back by hand was none, unless its version serves in another release as well: what was
        wrong may have been the code. One that was left for a newer one was a champion, whatever came of that.
        """
        served = {release.version for release in self.releases if release.status in _SERVED}
        undecided = {release.version for release in self.releases if release.status in BESIDE_STATUSES}
        count = 0
        for run in self.runs:
            if run in self.at_work or run.version in undecided or self._waits(run):
                continue
            if run.version in served:
                break
            count += 1
        return count

    @property
    def releasing(self) -> Release | None:
        """A release that takes traffic now; not one whose workflow must have ended long ago."""
        for release in self.releases:
            longest = longest_release(release.rules)
            if release.status in OPEN_STATUSES and self.now - release.created_at < longest:
                return release
        return None

    @property
    def experimenting(self) -> Experiment | None:
        """The experiment that is under way: no release begins before it ends, except its own."""
        return next((each for each in self.experiments if each.status not in ENDED), None)

    @property
    def waiting(self) -> Run | None:
        """The last training, where its version waits for somebody to release it, and nobody preferred another one since."""
        run = self.last_complete
        if self.automatic or run is None or not self._waits(run):
            return None
        return None if any(each.created_at >= self.ended(run) for each in self.releases) else run

    def since(self, days: float) -> tuple[Run, ...]:
        """Those that began in the last so many days."""
        return tuple(run for run in self.runs if run.started_at > self.now - timedelta(days=days))

    def hours(self, run: Run) -> float:
        """How long it has run; what is not known to have ended counts to the workflow's limit."""
        return (self.ended(run) - run.started_at) / timedelta(hours=1)

    def ended(self, run: Run) -> datetime:
        """When it ended, or must have, or now."""
        return run.finished_at or min(self.now, run.started_at + LONGEST_TRAINING)

    def _waits(self, run: Run) -> bool:
        """Whether its version has served nobody, and not because anything was wrong with it.

        An experiment refuses all releases but its own, also the one that was started just before it. One that could not begin
        for another reason is no excuse: it would not begin for the next version, either.
        """
        tried = {release.version for release in self.releases} | {
            arm.version
            for each in self.experiments
            if each.started_at is not None and each.status in ENDED
            for arm in each.arms
        }
        if run.version is None or run.version in tried:
            return False
        registered = self.ended(run)
        return not self.automatic or any(
            each.created_at <= registered + PATIENCE and registered <= (each.ended_at or self.now)
            for each in self.experiments
        )

    def _is_dead(self, run: Run) -> bool:
        return self.now - run.started_at >= LONGEST_TRAINING


def is_due(decision: Decision, *, now: datetime) -> bool:
    """Whether its training may be started, again if need be.

    A start that was lost for longer is not made up for: things have changed, and whoever asks next is answered anew.
    """
    return decision.retrain and now - decision.at < LONGEST_TRAINING


def _expected(decision: Decision) -> Run:
    return Run(
        id=decision.run or decision.id,
        model=decision.model,
        reason=decision.reason,
        requested_by=decision.requested_by,
        started_at=decision.at,
    )
