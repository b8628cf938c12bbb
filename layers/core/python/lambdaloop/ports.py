"""What the use cases need from the world. Adapters implement these on AWS, tests/fakes in memory.

Every method either does all of what it says or nothing, and may be called again after a crash.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from lambdaloop.domain.alias import Alias
from lambdaloop.domain.approval import ReleaseApproval
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.audit import AuditEvent
from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.decision import Decision
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import Document
from lambdaloop.domain.experiment import Experiment, Look
from lambdaloop.domain.experiment_life import Change
from lambdaloop.domain.experiment_pin import ExperimentPin
from lambdaloop.domain.lease import Lease
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.release import Judgement, Release, ReleasePin
from lambdaloop.domain.releasing_rules import ReleaseRules
from lambdaloop.domain.run import Run, RunStatus
from lambdaloop.domain.shadowing import ShadowFigures
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.traffic import Observation, PublishedVersion, Routing
from lambdaloop.domain.version import Version, VersionDraft
from lambdaloop.domain.window import WindowReport


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Aware, in UTC."""
        ...


class ArtifactStore(Protocol):
    """Immutable, content-addressed bytes of one model bucket."""

    def put(self, model: str, name: str, content: bytes) -> Artifact:
        """Store under the content's own address; storing the same content again changes nothing."""
        ...

    def get(self, artifact: Artifact) -> bytes:
        """Read and check: ArtifactMissingError, ArtifactCorruptError (wrong size or sha256)."""
        ...


class ArtifactReader(Protocol):
    """The half of an ArtifactStore that serving needs."""

    def get(self, artifact: Artifact) -> bytes:
        """Read and check: ArtifactMissingError, ArtifactCorruptError, or BackendUnavailableError after bounded retries."""
        ...


class DatasetStore(Protocol):
    """Training data as users upload them."""

    def objects(self, prefix: str) -> Sequence[DataObject]:
        """The current version of every .csv object below the prefix, sorted by key."""
        ...

    def read(self, key: str, version_id: str) -> bytes:
        """One object version; ArtifactMissingError when it is gone."""
        ...


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

    def releases(self, model: str) -> Sequence[Release]:
        """Newest first."""
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


class ShadowMetrics(Protocol):
    """Figures about a release that gets copies of requests."""

    def record(self, model: str, figures: ShadowFigures, *, at: datetime) -> None:
        """Tell the figures of one slice of time, by segment, too."""
        ...


class Leases(Protocol):
    """Mutual exclusion between workflows."""

    def acquire(self, *, model: str, name: str, owner: str, at: datetime, seconds: int) -> Lease:
        """Take it, or prolong it when `owner` holds it already; LeaseHeldError while another holds it."""
        ...

    def free(self, *, model: str, name: str, owner: str) -> None:
        """Give it back; nothing happens when `owner` does not hold it."""
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


class Workflows(Protocol):
    """Starts Step Functions executions."""

    def start(self, *, workflow: str, name: str, document: Document) -> str:
        """Start the state machine with that ARN under a deterministic name; returns the execution's ARN.

        An execution that already has the name is returned as it is: duplicates collapse.
        """
        ...

    def answer(self, token: str, document: Document) -> bool:
        """End the task that waits under this token; False when none does, or not any more."""
        ...


class PredictionLog(Protocol):
    """The append-only log of predictions."""

    def write(self, line: Mapping[str, Any]) -> None:
        """One structured line; never fails a prediction."""
        ...


class CaptureArchive(Protocol):
    """The capture bucket; `domain.capture_layout` says where what lies."""

    def sources(self, prefix: str) -> Sequence[DataObject]:
        """Every object below the prefix as it is now, sorted by key."""
        ...

    def read(self, source: DataObject, *, limit: int) -> bytes:
        """The content, unpacked if its first bytes say gzip.

        SourceTooLargeError when that is more than `limit` bytes, SourceCorruptError when it cannot be unpacked,
        ArtifactMissingError when it is gone.
        """
        ...

    def keys(self, prefix: str) -> Sequence[str]:
        """The keys below the prefix, sorted."""
        ...

    def load(self, key: str) -> bytes | None:
        """The content as it is stored, or None."""
        ...

    def save(self, key: str, content: bytes) -> None:
        """Write it, over what was there."""
        ...


class WindowLog(Protocol):
    """What the watch found, window by window."""

    def record_window(self, report: WindowReport) -> None:
        """Keep it; the report of a window that was watched before is replaced."""
        ...

    def windows(
        self, model: str, *, since: datetime | None = None, limit: int = 100
    ) -> Sequence[WindowReport]:
        """Those that ended at or after `since`, newest first."""
        ...


class FailedRequests(Protocol):
    """How many requests failed, as the inference function counted them."""

    def failed(self, model: str, *, release: int, variant: str, start: datetime, end: datetime) -> float:
        """Of one arm of a release, with a 5xx status, in whole hours; none before the first whole one."""
        ...


class ServedPredictions(Protocol):
    """How many predictions were answered, as somebody else than the prediction log counted them."""

    def served(self, model: str, *, start: datetime, end: datetime) -> float | None:
        """In whole hours; None when nothing was counted."""
        ...


class Notices(Protocol):
    """Tells people."""

    def tell(self, subject: str, text: str) -> None:
        """Send a message; it may arrive twice."""
        ...


class ExperimentMetrics(Protocol):
    """Figures about experiments."""

    def record(self, experiment: Experiment, look: Look) -> None:
        """Tell the look's figures; telling them again changes nothing."""
        ...


class WatchMetrics(Protocol):
    """Figures about what the watch found."""

    def record(self, report: WindowReport, definition: ModelDefinition) -> None:
        """Tell the window's figures; telling them again changes nothing."""
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


class RetrainingMetrics(Protocol):
    """Figures about the governor."""

    def record(self, decision: Decision) -> None:
        """Count a decision that was recorded just now."""
        ...


class ServedModel(Protocol):
    """A version in memory, ready to answer."""

    @property
    def signature(self) -> Signature:
        """What it takes and gives."""
        ...

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Output]:
        """One output per row; RowsInvalidError with every problem when rows do not fit the signature."""
        ...


class RequestMetrics(Protocol):
    """Figures about requests for predictions."""

    def record(
        self, *, release: int | None, predictions: int, status: int, seconds: float, arm: str | None = None
    ) -> None:
        """Count one answered request; never fails it. `release` is None before the first one.

        `arm` is the one of an experiment that was asked last: a server error is its failure.
        """
        ...
