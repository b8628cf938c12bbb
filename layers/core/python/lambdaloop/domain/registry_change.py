"""What a change of the registry means to others: the event that tells of it.

Most changes write an audit event in their own transaction, so there is one event for each of these. Windows, decisions and looks at
experiments are records of their own, and told from these.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from lambdaloop.domain.audit import AuditEvent
from lambdaloop.domain.decision import Decision
from lambdaloop.domain.documents import Document, from_document
from lambdaloop.domain.experiment import Experiment
from lambdaloop.domain.happening import Happening
from lambdaloop.domain.window import WindowReport

TOLD = ("EVENT#", "WINDOW#", "DECISION#", "EXPERIMENT#")
"""How the sort keys of the records begin that others are told about."""
_NAMED_FEATURES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryChange:
    """One record of the registry's table before and after a change."""

    sequence: str
    """Its place in the stream of changes."""
    pk: str
    sk: str
    before: Document | None = None
    after: Document | None = None


def happenings_of(change: RegistryChange) -> Iterator[Happening]:
    """The events that tell of a change, none for one that is nobody's business.

    ValueError for a record that cannot be read.
    """
    if change.after is None or not change.pk.startswith("MODEL#"):
        return
    kind, _, _ = change.sk.partition("#")
    match f"{kind}#":
        case "EVENT#" if change.before is None:
            yield _audited(from_document(AuditEvent, change.after), change.sk)
        case "WINDOW#" if change.before != change.after:
            yield _judged(from_document(WindowReport, change.after), change)
        case "DECISION#" if change.before is None:
            yield _decided(from_document(Decision, change.after), change.sk)
        case "EXPERIMENT#":
            yield from _looked(change.before, from_document(Experiment, change.after))


def _audited(event: AuditEvent, sk: str) -> Happening:
    return Happening(
        id=f"{event.model}/{sk}",
        kind=event.kind,
        model=event.model,
        at=event.at,
        actor=event.actor,
        data=dict(event.detail),
    )


def _judged(report: WindowReport, change: RegistryChange) -> Happening:
    """A window that is judged again the same way has the same id, and another one where something else was found."""
    content = sha256(json.dumps(change.after, sort_keys=True).encode()).hexdigest()[:8]
    drift = report.drift
    return Happening(
        id=f"{report.model}/{change.sk}#{content}",
        kind="window_judged",
        model=report.model,
        at=report.end,
        actor="watch",
        data=_known(
            start=report.start.isoformat(),
            end=report.end.isoformat(),
            status=report.status,
            reason=report.reason,
            release=report.release,
            version=report.version,
            new_rows=report.new_rows,
            new_labels=report.new_labels,
            drift_share=drift and drift.share,
            drifted=list(drift.drifted[:_NAMED_FEATURES]) if drift else [],
            performance_drop=report.performance and report.performance.drop,
            estimated_drop=report.estimated and report.estimated.drop,
        ),
    )


def _decided(decision: Decision, sk: str) -> Happening:
    return Happening(
        id=f"{decision.model}/{sk}",
        kind="retraining_decided",
        model=decision.model,
        at=decision.at,
        actor=decision.requested_by,
        data=_known(
            decision=decision.id,
            retrain=decision.retrain,
            cause=decision.cause,
            reason=decision.reason,
            run=decision.run,
            quiet=decision.quiet,
            storm=decision.storm,
        ),
    )


def _looked(before: Document | None, experiment: Experiment) -> Iterator[Happening]:
    """The newest look, where it is new: other changes of an experiment have audit events."""
    known = {each["at"] for each in (before or {}).get("looks", ())}
    for look in experiment.looks[-1:]:
        if look.at.isoformat() in known:
            return
        yield Happening(
            id=f"{experiment.model}/EXPERIMENT#{experiment.id}#{look.at.isoformat()}",
            kind="experiment_looked",
            model=experiment.model,
            at=look.at,
            actor="look",
            data=_known(
                experiment=experiment.id,
                at=look.at.isoformat(),
                verdict=look.verdict,
                reason=look.reason,
                winner=look.winner,
            ),
        )


def _known(**values: Any) -> Mapping[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
