"""The registry: runs, versions, releases, experiments, approvals, windows, decisions, and the leases that keep workflows apart."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from lambdaloop.domain.alias import Alias
from lambdaloop.domain.approval import ReleaseApproval
from lambdaloop.domain.audit import AuditEvent
from lambdaloop.domain.decision import Decision
from lambdaloop.domain.experiment import Experiment
from lambdaloop.domain.experiment_life import Change
from lambdaloop.domain.experiment_pin import ExperimentPin
from lambdaloop.domain.lease import Lease
from lambdaloop.domain.release import Judgement, Release, TrafficShare
from lambdaloop.domain.releasing_rules import ReleaseRules
from lambdaloop.domain.run import Run, RunStatus
from lambdaloop.domain.version import Version, VersionDraft
from lambdaloop.domain.window import WindowReport


class RunLog(Protocol):
    """The runs of the training workflow."""

    def start_run(self, run: Run) -> Run:
        """Record it; a run already recorded under this id is returned as it is."""
        ...

    def finish_run(
        self, *, model: str, run: str, status: RunStatus, outcome: Mapping[str, Any], at: datetime
    ) -> Run:
        """Record how it ended, once: a run that is not running any more is returned as it is."""
        ...

    def run(self, model: str, run: str) -> Run:
        """RunNotFoundError when there is none."""
        ...

    def runs(self, model: str) -> Sequence[Run]:
        """Newest first."""
        ...


class VersionRegistry(Protocol):
    """Immutable versions and the names that point at them."""

    def register_version(self, draft: VersionDraft, *, by: str, at: datetime) -> Version:
        """Give the draft the next number; the version that its run already registered is returned as it is."""
        ...

    def version(self, model: str, number: int) -> Version:
        """VersionNotFoundError when there is none."""
        ...

    def versions(self, model: str) -> Sequence[Version]:
        """Newest first."""
        ...

    def alias(self, model: str, name: str) -> Alias | None:
        """Where the name points now."""
        ...

    def alias_at(self, model: str, name: str, at: datetime) -> Alias | None:
        """Where the name pointed at that time."""
        ...

    def events(self, model: str, *, limit: int = 100) -> Sequence[AuditEvent]:
        """The audit trail, newest first."""
        ...


class ReleaseLog(Protocol):
    """The releases of a model. Each change writes its audit event in the same transaction."""

    def open_release(
        self,
        *,
        model: str,
        version: int,
        execution: str,
        requested_by: str,
        reason: str,
        previous_lambda_version: str,
        first: bool,
        rules: ReleaseRules,
        at: datetime,
        experiment: ExperimentPin | None = None,
        share: TrafficShare | None = None,
    ) -> Release:
        """Record a new release under the next number; the one this execution already opened is returned as it is."""
        ...

    def record_publication(self, release: Release, *, lambda_version: str, at: datetime) -> Release:
        """Note the Lambda version that is this release."""
        ...

    def record_judgement(self, release: Release, judgement: Judgement) -> Release:
        """Append a judgement; that of a step makes the status shifting. ReleaseStateError when the release has ended."""
        ...

    def close_release(self, release: Release, *, outcome: str, at: datetime) -> Release:
        """In one transaction: this release live, the previous one superseded, alias champion moved to its version.

        Closing a live release changes nothing. ReleaseStateError when it was rolled back; AliasMovedError when the
        champion is no longer the one this release was opened against.
        """
        ...

    def share_release(self, release: Release, *, at: datetime) -> Release:
        """Note that it has its share of the traffic, and keeps it; doing so again changes nothing.

        ReleaseStateError when it has ended.
        """
        ...

    def withdraw_release(self, release: Release, *, outcome: str, by: str, at: datetime) -> Release:
        """Note that a release that had a share has none any more; one that has ended is returned as it is.

        ReleaseStateError when it has not come to its share yet, or is live.
        """
        ...

    def roll_back_release(self, release: Release, *, outcome: str, at: datetime) -> Release:
        """Mark it rolled back; doing so again changes nothing. ReleaseStateError when it is live or superseded."""
        ...

    def return_to(self, *, model: str, number: int, by: str, reason: str, at: datetime) -> Release:
        """In one transaction: that release live again, the alias champion at its version, all others ended.

        Those that are under way are rolled back and their lease is given up; the one that was live is rolled back, too, or
        superseded where the target is newer. Nothing changes when the target is live and nothing is under way.
        ReleaseNotFoundError; ReleaseStateError when it was never live.
        """
        ...

    def record_deletion(self, release: Release, *, at: datetime) -> Release:
        """Note that the Lambda version of an ended release is gone; noting it again changes nothing.

        ReleaseStateError when the release has not ended.
        """
        ...

    def release(self, model: str, number: int) -> Release:
        """ReleaseNotFoundError when there is none."""
        ...

    def release_of(self, model: str, execution: str) -> Release | None:
        """The release that this workflow execution opened, if it came that far."""
        ...

    def releases(self, model: str, *, limit: int | None = None) -> Sequence[Release]:
        """Newest first; the newest ones when there is a limit."""
        ...


class ExperimentLog(Protocol):
    """The experiments of a model, and the buckets of namespaces that they hold."""

    def open_experiment(self, experiment: Experiment, *, anywhere: bool) -> Experiment:
        """Record it as the model's only one under way, with its buckets as its own.

        The experiment that was recorded under this id before is returned as it is. `anywhere`: its buckets may lie wherever
        there is room. Raises ExperimentRunningError, NamespaceTakenError.
        """
        ...

    def record_experiment(self, before: Experiment, change: Change, *, by: str) -> Experiment:
        """Replace the record that was read as `before`; one that has ended gives back its buckets and its place.

        Doing so again changes nothing. ExperimentChangedError when the record is another one by now, NamespaceTakenError when
        it wants more buckets and others hold them.
        """
        ...

    def experiment(self, model: str, experiment: str) -> Experiment:
        """ExperimentNotFoundError when there is none."""
        ...

    def current_experiment(self, model: str) -> Experiment | None:
        """The one that is under way."""
        ...

    def experiments(self, model: str) -> Sequence[Experiment]:
        """Newest first."""
        ...


class ApprovalLog(Protocol):
    """Who was asked to consent to a release, and what they answered. Each change writes its audit event with it."""

    def ask_approval(self, asked: ReleaseApproval, *, at: datetime) -> ReleaseApproval:
        """Record the question; asked before and not answered, it keeps its terms and gets the newest token.

        ApprovalDecidedError when it was answered.
        """
        ...

    def decide_approval(
        self,
        model: str,
        release: int,
        status: Literal["approved", "rejected", "expired"],
        *,
        by: str,
        reason: str,
        at: datetime,
    ) -> ReleaseApproval:
        """Record the answer, once; the same person's same answer again is returned as it was recorded.

        ApprovalNotFoundError, ApprovalDecidedError, ApprovalExpiredError.
        """
        ...

    def approval(self, model: str, release: int) -> ReleaseApproval | None:
        """Of one release, if it was asked for."""
        ...


class WindowLog(Protocol):
    """What the watch found, window by window."""

    def record_window(self, report: WindowReport) -> None:
        """Keep it; the report of a window that was watched before is replaced."""
        ...

    def windows(
        self, model: str, *, since: datetime | None = None, until: datetime | None = None, limit: int = 100
    ) -> Sequence[WindowReport]:
        """Those that ended at or after `since` and not after `until`, newest first."""
        ...

    def window(self, model: str, end: datetime) -> WindowReport:
        """The one that ended within this second; WindowNotFoundError when there is none."""
        ...


class DecisionLog(Protocol):
    """What the governor decided."""

    def record_decision(self, decision: Decision, *, since: Decision | None) -> bool:
        """Keep it; False, and nothing is changed, when a decision was recorded under its id before.

        `since` is the last retraining that it was decided with. DecisionOutdatedError when it is one more retraining and
        another was recorded meanwhile: of two that decide at once, one decides anew.
        """
        ...

    def decision(self, model: str, decision: str) -> Decision | None:
        """The one of this id."""
        ...

    def last_retraining(self, model: str) -> Decision | None:
        """The newest decision to retrain."""
        ...

    def last_upload(self, model: str) -> datetime | None:
        """When the newest of the uploads came that asked for a training."""
        ...

    def decisions(self, model: str, *, limit: int = 100, quiet: bool = True) -> Sequence[Decision]:
        """Newest first; without the quiet ones when they are not wanted."""
        ...


class Leases(Protocol):
    """Mutual exclusion between workflows."""

    def acquire(self, *, model: str, name: str, owner: str, at: datetime, seconds: int) -> Lease:
        """Take it, or prolong it when `owner` holds it already; LeaseHeldError while another holds it."""
        ...

    def free(self, *, model: str, name: str, owner: str) -> None:
        """Give it back; nothing happens when `owner` does not hold it."""
        ...
