"""The registry in memory: the same promises as the DynamoDB one, proved by the same contract tests."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from lambdaloop.domain.alias import CHAMPION, Alias, moved
from lambdaloop.domain.audit import AuditEvent
from lambdaloop.domain.errors import (
    AliasMovedError,
    ConflictError,
    ReleaseNotFoundError,
    ReleaseStateError,
    RunNotFoundError,
    VersionNotFoundError,
)
from lambdaloop.domain.experiment_pin import ExperimentPin
from lambdaloop.domain.judgement_history import with_judgement
from lambdaloop.domain.lease import FREE, Lease, taken
from lambdaloop.domain.release import ENDED_STATUSES, Judgement, Release, TrafficShare
from lambdaloop.domain.release_rules import LEASE, check_open
from lambdaloop.domain.releasing_rules import ReleaseRules
from lambdaloop.domain.returning import ended_by, not_before, status_after, was_live
from lambdaloop.domain.run import Run, RunStatus
from lambdaloop.domain.version import Version, VersionDraft
from tests.fakes.approvals import InMemoryApprovals
from tests.fakes.experiments import InMemoryExperiments


class InMemoryRegistry(InMemoryApprovals, InMemoryExperiments):
    """The ports RunLog, VersionRegistry, ReleaseLog, ApprovalLog and Leases; one lock makes every method a transaction."""

    def __init__(self) -> None:
        super().__init__()
        self._experiments = {}
        self._runs: dict[tuple[str, str], Run] = {}
        self._versions: dict[str, list[Version]] = {}
        self._releases: dict[str, list[Release]] = {}
        self._aliases: dict[tuple[str, str], list[Alias]] = {}
        self._leases: dict[tuple[str, str], Lease] = {}
        self._events: list[AuditEvent] = []

    # Runs

    def start_run(self, run: Run) -> Run:
        with self._lock:
            if (run.model, run.id) not in self._runs:
                self._runs[run.model, run.id] = run
                self._tell("run_started", run.model, run.started_at, run.requested_by, {"run": run.id})
            return self._runs[run.model, run.id]

    def finish_run(
        self, *, model: str, run: str, status: RunStatus, outcome: Mapping[str, Any], at: datetime
    ) -> Run:
        with self._lock:
            current = self.run(model, run)
            if current.status != "running":
                return current
            self._runs[model, run] = replace(current, status=status, outcome=outcome, finished_at=at)
            self._tell("run_finished", model, at, run, {"run": run, "status": status})
            return self._runs[model, run]

    def run(self, model: str, run: str) -> Run:
        if (model, run) not in self._runs:
            raise RunNotFoundError(f"no run {run}")
        return self._runs[model, run]

    def runs(self, model: str) -> Sequence[Run]:
        found = [run for run in self._runs.values() if run.model == model]
        return sorted(found, key=lambda run: run.started_at, reverse=True)

    # Versions and aliases

    def register_version(self, draft: VersionDraft, *, by: str, at: datetime) -> Version:
        with self._lock:
            run = self.run(draft.model, draft.run)
            if run.version is not None:
                return self.version(draft.model, run.version)
            if run.status != "running":
                raise ConflictError(f"run {run.id} has ended as {run.status}")
            versions = self._versions.setdefault(draft.model, [])
            values = {field.name: getattr(draft, field.name) for field in fields(VersionDraft)}
            version = Version(**values, number=len(versions) + 1, created_at=at, created_by=by)
            versions.append(version)
            self._runs[run.model, run.id] = replace(
                run, status="registered", version=version.number, finished_at=at
            )
            self._tell("version_registered", draft.model, at, by, {"version": version.number})
            return version

    def version(self, model: str, number: int) -> Version:
        for version in self._versions.get(model, []):
            if version.number == number:
                return version
        raise VersionNotFoundError(f"no version {number}")

    def versions(self, model: str) -> Sequence[Version]:
        return self._versions.get(model, [])[::-1]

    def alias(self, model: str, name: str) -> Alias | None:
        moves = self._aliases.get((model, name))
        return moves[-1] if moves else None

    def alias_at(self, model: str, name: str, at: datetime) -> Alias | None:
        moves = [alias for alias in self._aliases.get((model, name), []) if alias.moved_at <= at]
        return moves[-1] if moves else None

    def events(self, model: str, *, limit: int = 100) -> Sequence[AuditEvent]:
        found = [event for event in self._events if event.model == model]
        return sorted(found, key=lambda event: event.at, reverse=True)[:limit]

    # Releases

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
        with self._lock:
            if (opened := self.release_of(model, execution)) is not None:
                return opened
            champion = self.alias(model, CHAMPION)
            releases = self._releases.setdefault(model, [])
            release = Release(
                number=len(releases) + 1,
                model=model,
                version=version,
                status="open",
                execution=execution,
                requested_by=requested_by,
                reason=reason,
                created_at=at,
                previous=champion.release if champion else None,
                previous_lambda_version=previous_lambda_version,
                first=first,
                rules=rules,
                experiment=experiment,
                share=share,
            )
            releases.append(release)
            self._tell("release_opened", model, at, requested_by, {"release": release.number})
            return release

    def record_publication(self, release: Release, *, lambda_version: str, at: datetime) -> Release:
        with self._lock:
            current = self.release(release.model, release.number)
            if current.lambda_version == lambda_version:
                return current
            check_open(current)
            if current.lambda_version is not None:
                raise ReleaseStateError(f"release {release.number} is {current.lambda_version}")
            return self._change(current, "release_published", at, lambda_version=lambda_version)

    def record_judgement(self, release: Release, judgement: Judgement) -> Release:
        with self._lock:
            current = self.release(release.model, release.number)
            check_open(current)
            if current.judgements and current.judgements[-1] == judgement:
                return current
            judgements = with_judgement(current.judgements, judgement)
            status = "shifting" if judgement.kind == "step" else current.status
            return self._change(current, "release_judged", judgement.at, judgements=judgements, status=status)

    def close_release(self, release: Release, *, outcome: str, at: datetime) -> Release:
        with self._lock:
            current = self.release(release.model, release.number)
            if current.status in ("live", "superseded"):
                return current
            check_open(current)
            champion = self.alias(release.model, CHAMPION)
            if (champion.release if champion else None) != current.previous:
                raise AliasMovedError(f"release {current.number} was opened against {current.previous}")
            self._move(current, champion, at)
            if current.previous is not None:
                self._put(replace(self.release(current.model, current.previous), status="superseded"))
            return self._change(
                current, "release_closed", at, status="live", outcome=outcome, live_at=at, closed_at=at
            )

    def share_release(self, release: Release, *, at: datetime) -> Release:
        with self._lock:
            current = self.release(release.model, release.number)
            if current.status == "sharing":
                return current
            check_open(current)
            return self._change(current, "release_shares", at, status="sharing", shared_at=at)

    def withdraw_release(self, release: Release, *, outcome: str, by: str, at: datetime) -> Release:
        with self._lock:
            current = self.release(release.model, release.number)
            if current.status in ENDED_STATUSES:
                return current
            if current.status != "sharing":
                raise ReleaseStateError(f"release {current.number} is {current.status}")
            changed = replace(current, status="withdrawn", outcome=outcome, closed_at=at)
            self._put(changed)
            self._tell("release_withdrawn", current.model, at, by, {"release": current.number})
            return changed

    def roll_back_release(self, release: Release, *, outcome: str, at: datetime) -> Release:
        with self._lock:
            current = self.release(release.model, release.number)
            if current.status == "rolled_back":
                return current
            check_open(current)
            return self._change(
                current, "release_rolled_back", at, status="rolled_back", outcome=outcome, closed_at=at
            )

    def return_to(self, *, model: str, number: int, by: str, reason: str, at: datetime) -> Release:
        with self._lock:
            target, releases = self.release(model, number), self.releases(model)
            if not was_live(target):
                raise ReleaseStateError(f"release {number} was never live")
            ended = ended_by(target, releases)
            at = not_before(at, [target, *ended])
            outcome = f"went back to release {number}, by {by}: {reason}"
            for each in ended:
                status = status_after(each, target)
                self._put(replace(each, status=status, outcome=outcome, closed_at=at))
                if status == "rolled_back":
                    self._tell("release_rolled_back", model, at, by, {"release": each.number})
                self.free(model=model, name=LEASE, owner=each.execution)
            if target.status == "live":
                return target
            alias = self._move(target, self.alias(model, CHAMPION), at, by=by)
            changed = replace(target, status="live", live_at=alias.moved_at)
            self._put(changed)
            self._tell("release_returned", model, at, by, {"release": number, "reason": reason})
            return changed

    def record_deletion(self, release: Release, *, at: datetime) -> Release:
        with self._lock:
            current = self.release(release.model, release.number)
            if current.lambda_version_deleted_at is not None:
                return current
            if current.status not in ENDED_STATUSES:
                raise ReleaseStateError(f"release {current.number} is {current.status}")
            return self._change(current, "lambda_version_deleted", at, lambda_version_deleted_at=at)

    def release(self, model: str, number: int) -> Release:
        for release in self._releases.get(model, []):
            if release.number == number:
                return release
        raise ReleaseNotFoundError(f"no release {number}")

    def release_of(self, model: str, execution: str) -> Release | None:
        for release in self._releases.get(model, []):
            if release.execution == execution:
                return release
        return None

    def releases(self, model: str, *, limit: int | None = None) -> Sequence[Release]:
        return self._releases.get(model, [])[::-1][:limit]

    # Leases

    def acquire(self, *, model: str, name: str, owner: str, at: datetime, seconds: int) -> Lease:
        with self._lock:
            current = self._leases.get((model, name))
            lease = taken(current, model=model, name=name, owner=owner, at=at, seconds=seconds)
            self._leases[model, name] = lease
            return lease

    def free(self, *, model: str, name: str, owner: str) -> None:
        with self._lock:
            current = self._leases.get((model, name))
            if current is not None and current.owner == owner:
                self._leases[model, name] = replace(current, owner=FREE)

    # How it is kept

    def _move(
        self, release: Release, champion: Alias | None, at: datetime, *, by: str | None = None
    ) -> Alias:
        alias = moved(
            champion,
            model=release.model,
            name=CHAMPION,
            version=release.version,
            release=release.number,
            at=at,
            by=by or release.execution,
        )
        self._aliases.setdefault((release.model, CHAMPION), []).append(alias)
        self._tell("alias_moved", release.model, at, by or release.execution, {"alias": CHAMPION})
        return alias

    def _put(self, release: Release) -> None:
        self._releases[release.model][release.number - 1] = release

    def _change(self, release: Release, kind: str, at: datetime, **changes: Any) -> Release:
        changed = replace(release, **changes)
        self._put(changed)
        self._tell(kind, release.model, at, release.execution, {"release": release.number})
        return changed

    def _tell(self, kind: str, model: str, at: datetime, actor: str, detail: Mapping[str, Any]) -> None:
        self._events.append(AuditEvent(model=model, at=at, kind=kind, actor=actor, detail=detail))
