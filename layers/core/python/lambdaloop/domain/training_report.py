"""What `report.json` of a version holds, as it is read: how the run went that the version came from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from lambdaloop.domain.documents import from_document
from lambdaloop.domain.errors import ReportUnusableError
from lambdaloop.domain.gate import ChampionScore, GateCheck
from lambdaloop.domain.holdout_findings import HoldoutFindings
from lambdaloop.domain.splitting import Split
from lambdaloop.domain.version import Comparison, TrainedOn


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedCandidate:
    """How a candidate did in cross-validation."""

    name: str
    estimator: str
    score: float | None = None
    score_std: float | None = None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingReport:
    """A run's candidates, its winner and what the gate said about it."""

    schema: int = 1
    model: str
    metric: str
    candidates: tuple[TriedCandidate, ...]
    winner: str
    holdout: Mapping[str, float | None]
    split: Split
    trained_on: TrainedOn | None = None
    champion: ChampionScore | None = None
    comparison: Comparison | None = None
    gate: tuple[GateCheck, ...] = ()
    findings: HoldoutFindings | None = None
    """None in reports that are older than this field, and where the winner has rows without a finite answer."""

    @classmethod
    def from_json(cls, content: bytes) -> "TrainingReport":
        """ReportUnusableError when the content is something else."""
        try:
            return from_document(cls, json.loads(content))
        except (ValueError, TypeError) as error:
            raise ReportUnusableError(
                f"this is no report of a training: {error}: train a new version"
            ) from error
