"""An immutable model version: what the registry keeps about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.candidate import Parameter
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.mlflow_model import Origin
from lambdaloop.domain.runtime import MeasuredRuntime
from lambdaloop.domain.splitting import Split

BUNDLE = "bundle.zip"
"""The served artifact: signature, model and golden rows, as in `domain.bundle`."""
ESTIMATOR = "estimator.joblib"
"""The fitted scikit-learn pipeline, for the training side only."""
BASELINE = "baseline.json"
"""What live traffic is held against: `domain.baseline.Baseline`."""
LOSS = "loss.joblib"
"""Regression only: the model of its own errors, by which they are expected before labels arrive."""
ENVIRONMENT = "environment.txt"
"""The package versions that trained it."""
REPORT = "report.json"
"""Candidates, split, holdout metrics and gate checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedOn:
    """The rows that a version was fitted on."""

    uploaded: int
    """Rows out of the data bucket."""
    captured: int = 0
    """Labelled rows out of the prediction log."""
    captured_until: datetime | None = None
    """What was captured and labelled up to here was at hand."""
    refitted: bool = False
    """Whether it was fitted anew on all rows, the held out ones among them, after it had passed the gate. Its metrics are
    those from before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How differently a winner and the champion of its day answered the same holdout: what live traffic is held against."""

    champion: int
    """The version that it was compared with."""
    disagreement: float
    """The share of rows with different labels; for regression, the mean difference in standard deviations of all answers."""
    prediction_drift: float
    """Population stability index of the answers."""
    disagreement_error: float = 0.0
    """Standard deviation: a holdout is a sample, too."""
    prediction_drift_error: float = 0.0
    skill_metric: str
    """How well a version tells rows apart, whatever it was chosen by: roc_auc, roc_auc_ovr (or accuracy) or r2."""
    skill: float | None
    """Of the winner."""
    champion_skill: float | None
    """Of the champion, on the same rows."""
    champion_metric: float | None = None
    """The training metric of the champion, on the same rows; None before this was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDraft:
    """A version that has no number yet; registering it twice for one run gives one version."""

    schema: int = 1
    model: str
    run: str
    task: Task
    manifest: Artifact
    """Lists every file with size and sha256; its own sha256 is the digest of the version."""
    files: Mapping[str, Artifact]
    """By name: bundle.zip, estimator.joblib, baseline.json, loss.joblib (regression only), environment.txt, report.json."""
    estimator: str
    parameters: Mapping[str, Parameter]
    metrics: Mapping[str, float | None]
    """On the holdout; None where a metric has no value."""
    metric: str
    """The metric that chose the winner."""
    dataset: Artifact
    """The dataset manifest."""
    dataset_digest: str
    rows: int
    gate: Mapping[str, Any]
    """The gate's checks with their numbers."""
    definition_digest: str | None = None
    """Of the definition that it was trained from; None in records older than this field."""
    split: Split | None = None
    """How its holdout was chosen; None in records older than this field."""
    trained_on: TrainedOn | None = None
    """Where its rows came from; None in records older than this field."""
    comparison: Comparison | None = None
    """With the champion of its day; None without one, or where it could not be asked."""
    imported: Origin | None = None
    """Where it comes from, if it was fitted elsewhere."""
    runtime: MeasuredRuntime | None = None
    """What serves it, why, and how fast; None in records older than this field."""

    @property
    def digest(self) -> str:
        """Content address of the version: the same data, code and seed give the same one."""
        return self.manifest.sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(VersionDraft):
    """A registered version."""

    number: int
    """1, 2, 3 ... without gaps."""
    created_at: datetime
    created_by: str


def seen_until(version: Version) -> datetime:
    """No captured row that is newer can have been among those that the version was fitted on.

    Captured rows that people upload come into a dataset, too, so of a version without any of its own this is all to say.
    """
    split = version.split
    return split.until if split is not None and split.until is not None else version.created_at
