"""Every kind of event on the bus, and what its data say: what `docs/events.json` and `docs/events.md` are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Property = Mapping[str, Any]

_TEXT: Property = {"type": "string"}
_NUMBER: Property = {"type": "integer", "minimum": 1}
_TIME: Property = {"type": "string", "format": "date-time"}
_OBJECT: Property = {"type": "object"}
_RELEASE: Mapping[str, Property] = {"release": _NUMBER, "version": _NUMBER}
_EXPERIMENT: Mapping[str, Property] = {"experiment": _TEXT, "why": _TEXT}
_APPROVAL: Mapping[str, Property] = {"release": _NUMBER, "expires_at": _TIME}
_ANSWER: Mapping[str, Property] = {**_APPROVAL, "reason": _TEXT}


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind: what it tells, its data, and those of them that may be missing."""

    kind: str
    says: str
    data: Mapping[str, Property]
    optional: Mapping[str, Property] = field(default_factory=dict)


EVENT_KINDS = (
    EventKind("run_started", "a training begins", {"run": _TEXT, "reason": _TEXT}),
    EventKind(
        "run_finished",
        "a training ended without a version",
        {"run": _TEXT, "status": {"enum": ["rejected", "failed"]}, "outcome": _OBJECT},
    ),
    EventKind(
        "version_registered",
        "a training gave a version",
        {"version": _NUMBER, "run": _TEXT, "digest": _TEXT},
    ),
    EventKind("release_opened", "a release begins", {**_RELEASE, "reason": _TEXT}),
    EventKind("release_published", "it has its Lambda version", {**_RELEASE, "lambda_version": _TEXT}),
    EventKind(
        "release_judged",
        "a step of it, or a slice of its shadow stage, was judged",
        {
            **_RELEASE,
            "kind": {"enum": ["step", "shadow"]},
            "at": _TIME,
            "step": {"type": "integer", "minimum": 0},
            "weight": {"type": "number", "minimum": 0, "maximum": 1},
            "verdict": {"enum": ["advance", "complete", "hold", "roll_back"]},
            "reasons": {"type": "array", "items": _TEXT},
            "numbers": {"type": "object", "additionalProperties": {"type": ["number", "null"]}},
        },
    ),
    EventKind(
        "release_closed",
        "it is live, with all traffic",
        {**_RELEASE, "outcome": _TEXT},
        {"previous": {"type": ["integer", "null"]}},
    ),
    EventKind(
        "release_shares",
        "it has its share of the traffic, and keeps it",
        _RELEASE,
        {"percent": {"type": ["integer", "null"]}},
    ),
    EventKind("release_withdrawn", "it has no share any more", {**_RELEASE, "outcome": _TEXT}),
    EventKind(
        "release_rolled_back",
        "its traffic was taken away",
        {**_RELEASE, "outcome": _TEXT},
        {"returned_to": _NUMBER},
    ),
    EventKind(
        "release_returned",
        "it is live again, by hand",
        {**_RELEASE, "reason": _TEXT},
        {"from": {"type": ["integer", "null"]}},
    ),
    EventKind(
        "alias_moved",
        "another version is the champion",
        {**_RELEASE, "alias": _TEXT},
        {"from": {"type": ["integer", "null"]}},
    ),
    EventKind(
        "lambda_version_deleted",
        "there is no going back to it",
        _RELEASE,
        {"lambda_version": {"type": ["string", "null"]}},
    ),
    EventKind("approval_asked", "a release waits for a person's consent", _APPROVAL),
    EventKind("release_approved", "somebody consented", _ANSWER),
    EventKind("release_rejected", "somebody said no", _ANSWER),
    EventKind("release_expired", "nobody answered in time", _ANSWER),
    EventKind(
        "key_created",
        "a client has a key",
        {"key": _TEXT, "client": _TEXT},
        {"rate": {"type": "number"}, "burst": {"type": "number"}},
    ),
    EventKind("key_revoked", "a client's key opens nothing any more", {"key": _TEXT, "client": _TEXT}),
    EventKind("experiment_opened", "an experiment was asked for", _EXPERIMENT),
    EventKind("experiment_began", "its arms have traffic", _EXPERIMENT),
    EventKind("experiment_shares_asked", "other shares were asked for", _EXPERIMENT),
    EventKind("experiment_shares_changed", "its arms have other shares", _EXPERIMENT),
    EventKind("experiment_shares_kept", "the shares stay, for the release failed", _EXPERIMENT),
    EventKind("experiment_ramped", "more entities take part", _EXPERIMENT),
    EventKind("experiment_release_repeated", "its release was asked for again", _EXPERIMENT),
    EventKind("experiment_concluding", "the answer is being carried out", _EXPERIMENT),
    EventKind("experiment_winner_refused", "the winner's release failed: the control stays", _EXPERIMENT),
    EventKind("experiment_concluded", "it is over, with an answer", _EXPERIMENT),
    EventKind("experiment_stopped", "it was ended by hand, or by time", _EXPERIMENT),
    EventKind("experiment_failed", "it could not go on", _EXPERIMENT),
    EventKind(
        "experiment_looked",
        "what it showed at an hour",
        {
            "experiment": _TEXT,
            "at": _TIME,
            "verdict": {"enum": ["undecided", "better", "equal", "harmful", "invalid"]},
            "reason": _TEXT,
        },
        {"winner": _TEXT},
    ),
    EventKind(
        "window_judged",
        "what the watch found",
        {
            "start": _TIME,
            "end": _TIME,
            "status": {"enum": ["ok", "drift", "insufficient_data", "no_release", "no_baseline"]},
            "reason": _TEXT,
            "new_rows": {"type": "integer", "minimum": 0},
            "new_labels": {"type": "integer", "minimum": 0},
            "drifted": {"type": "array", "items": _TEXT, "maxItems": 20},
        },
        {
            **_RELEASE,
            "drift_share": {"type": "number", "minimum": 0, "maximum": 1},
            "performance_drop": {"type": "number"},
            "estimated_drop": {"type": "number"},
        },
    ),
    EventKind(
        "retraining_decided",
        "the governor answered whether to train again",
        {
            "decision": _TEXT,
            "retrain": {"type": "boolean"},
            "cause": {"enum": ["watch", "alarm", "data", "schedule", "person"]},
            "reason": _TEXT,
            "quiet": {"type": "boolean"},
            "storm": {"type": "boolean"},
        },
        {"run": _TEXT},
    ),
)
