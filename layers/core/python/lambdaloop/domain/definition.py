"""The model definition: what a user writes in `models/NAME.yaml`, and the rules that tie its parts together.

Plain dataclasses, so that workflow functions read it without any third-party package; `definition_schema`
lays pydantic over these same classes to validate what people type.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lambdaloop.domain.candidate import MAX_TRIALS, Candidate
from lambdaloop.domain.dvc import DvcRemote
from lambdaloop.domain.errors import DefinitionInvalidError
from lambdaloop.domain.metrics import MAX_RANKED_CLASSES, METRICS_OF_TASK, Task
from lambdaloop.domain.monitoring_rules import Monitoring, Retraining
from lambdaloop.domain.online_rules import Online
from lambdaloop.domain.releasing_rules import ReleaseRules
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.domain.tracking_rules import Tracking

FeatureType = Literal["number", "integer", "boolean", "category", "text"]
Label = str | int | bool

_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]")
RESERVED_FIELDS = frozenset({"prediction_id", "entity_id"})
"""Fields of a request beside the features, and a column of captured rows beside features and target."""
_MAX_FEATURES = 500
_MAX_PARALLEL = 40
_MAX_CATEGORIES = 1000

_STRICT = {"extra": "forbid", "use_attribute_docstrings": True}


def _check_finite(**values: float | None) -> None:
    """Comparisons with NaN are all false, so a rule would let it through."""
    for name, value in values.items():
        if value is not None and not math.isfinite(value):
            raise ValueError(f"{name} must be a finite number, got {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One input column of the model."""

    __pydantic_config__ = _STRICT

    type: FeatureType
    """number, integer, boolean, category or text."""
    nullable: bool = False
    """Whether the value may be missing."""
    min: float | None = None
    """Smallest ordinary value of a number or integer."""
    max: float | None = None
    """Largest ordinary value of a number or integer."""
    categories: tuple[str, ...] = ()
    """The known values of a category."""
    ordered: bool = False
    """Whether the categories are listed from the least to the greatest: then estimators see their place as a number."""
    unexpected: Literal["accept", "reject"] = "accept"
    """What a value outside the range or the categories gets: an answer (it is counted as drift), or a 422."""

    def __post_init__(self) -> None:
        if self.type == "category":
            if not self.categories:
                raise ValueError("a category feature needs categories: list its known values")
            if len(set(self.categories)) != len(self.categories):
                raise ValueError("categories must not repeat a value")
            if len(self.categories) > _MAX_CATEGORIES:
                raise ValueError(
                    f"at most {_MAX_CATEGORIES} categories, got {len(self.categories)}: group rare ones"
                )
        elif self.categories or self.ordered:
            raise ValueError(f"categories and ordered belong to type category, not {self.type}")
        if self.type not in ("number", "integer") and (self.min is not None or self.max is not None):
            raise ValueError(f"min and max belong to type number or integer, not {self.type}")
        _check_finite(min=self.min, max=self.max)
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is greater than max {self.max}: swap them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Where training data lie."""

    __pydantic_config__ = _STRICT

    location: str
    """Key prefix in the data bucket; every .csv, .parquet, .jsonl or .ndjson object below it is training data, and what .dvc files lead to."""
    dvc_remote: str | None = None
    """Where the data lie that .dvc files in the location stand for: s3://BUCKET/PREFIX, or a key prefix in the data bucket."""

    def __post_init__(self) -> None:
        if self.dvc_remote is not None:
            DvcRemote.parse(self.dvc_remote)
        if not self.location.strip() or self.location.startswith("/"):
            raise ValueError(
                f"location must be a key prefix without a leading slash, such as churn/, got {self.location!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a run chooses and fits its model."""

    __pydantic_config__ = _STRICT

    metric: str
    """The metric that chooses the winner; see the gate for limits on others."""
    candidates: tuple[Candidate, ...]
    """What is tried."""
    folds: int = 5
    """Cross-validation folds."""
    holdout: float = 0.2
    """Fraction of the rows kept for evaluation; training never sees them."""
    split: Literal["hash", "time"] = "hash"
    """hash: by the entity (or by all features and the target); time: the last rows of the data."""
    seed: int = 0
    """Seeds folds, estimators and what a search tries."""
    parallel: int = 8
    """How many candidates are trained at the same time; each takes one of the account's concurrent Lambda executions, of which a
    new account has ten."""

    def __post_init__(self) -> None:
        _check_finite(holdout=self.holdout)
        if not self.candidates:
            raise ValueError("candidates must name at least one estimator")
        names = [candidate.name for candidate in self.candidates]
        if marked := [name for name in names if "#" in name]:
            raise ValueError(f"candidate names must have no '#', which numbers trials, got {marked[0]!r}")
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"candidate names must differ, repeated: {', '.join(sorted(repeated))}")
        if not 2 <= self.folds <= 20:
            raise ValueError(f"folds must be 2 to 20, got {self.folds}")
        if not 0.05 <= self.holdout <= 0.5:
            raise ValueError(f"holdout must be 0.05 to 0.5, got {self.holdout}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"seed must be 0 to 4294967295, got {self.seed}")
        if not 1 <= self.parallel <= _MAX_PARALLEL:
            raise ValueError(f"parallel must be 1 to {_MAX_PARALLEL}, got {self.parallel}")
        trained = sum(candidate.most_trained for candidate in self.candidates)
        if trained > MAX_TRIALS:
            raise ValueError(
                f"a run may train {MAX_TRIALS} candidates at most, trials included, got {trained}: lower trials"
            )

    def tried(self) -> tuple[Candidate, ...]:
        """What a run trains: candidates, and in the place of those with a search their trials."""
        return tuple(trial for candidate in self.candidates for trial in candidate.tried(seed=self.seed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a winner must reach on the holdout before it is registered."""

    __pydantic_config__ = _STRICT

    minimum: Mapping[str, float] = field(default_factory=dict)
    """Worst acceptable value per metric (a maximum for metrics where less is better)."""
    max_drop: float = 0.0
    """How much worse than the champion the training metric may be on the same holdout."""
    champion: Literal["required", "optional"] = "required"
    """Whether a champion that cannot be evaluated (other columns or classes, damaged) holds the winner up; optional records why and goes on."""

    def __post_init__(self) -> None:
        _check_finite(max_drop=self.max_drop, **{f"minimum.{name}": v for name, v in self.minimum.items()})
        if self.max_drop < 0:
            raise ValueError(f"max_drop must be 0 or more, got {self.max_drop}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDefinition:
    """A named prediction problem."""

    __pydantic_config__ = _STRICT

    name: str
    """Lower case letters, digits and hyphens; part of every resource's name."""
    task: Task
    """binary, multiclass or regression."""
    target: str
    """The column to predict."""
    features: Mapping[str, Feature]
    """Input columns, in order."""
    data: Data
    """Where training data lie."""
    training: Training
    """How a run chooses and fits its model."""
    classes: tuple[Label, ...] = ()
    """The target's values for classification; for binary the second one is the positive class."""
    entity: str | None = None
    """The column that identifies who a row is about; never a feature."""
    gate: Gate = field(default_factory=Gate)
    """What a winner must reach before it is registered."""
    release: ReleaseRules = field(default_factory=ReleaseRules)
    """How a version takes traffic."""
    serving: Serving = field(default_factory=Serving)
    """How predictions are answered."""
    monitoring: Monitoring = field(default_factory=Monitoring)
    """What is watched, and what is worth an alarm."""
    retraining: Retraining = field(default_factory=Retraining)
    """When a training starts by itself, and on which rows."""
    tracking: Tracking | None = None
    """An MLflow server that is told about every run; none unless named here."""
    online: Online | None = None
    """Features that are looked up by entity when a request does not give them; none unless named here."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"name must be 2 to 40 lower case letters, digits or hyphens, starting with a letter, got {self.name!r}"
            )
        self._check_columns()
        self._check_classes()
        self._check_metrics()
        self._check_estimators()
        self._check_shadow()
        if self.online:
            self.online.check(self)

    def candidate(self, name: str) -> Candidate:
        """The candidate or trial of that name; DefinitionInvalidError names those that there are."""
        for candidate in self.training.candidates:
            if name == candidate.name or name.startswith(f"{candidate.name}#"):
                for trial in candidate.tried(seed=self.training.seed):
                    if trial.name == name:
                        return trial
        known = ", ".join(candidate.name for candidate in self.training.tried())
        raise DefinitionInvalidError(f"no candidate is called {name!r}: use one of {known}")

    def _check_columns(self) -> None:
        if not 1 <= len(self.features) <= _MAX_FEATURES:
            raise ValueError(f"features must name 1 to {_MAX_FEATURES} columns, got {len(self.features)}")
        for role, column in (("target", self.target), ("entity", self.entity)):
            if column in self.features:
                raise ValueError(
                    f"{column!r} is the {role} and must not be a feature: remove it from features"
                )
        if self.entity == self.target:
            raise ValueError(f"entity and target must be different columns, both are {self.target!r}")
        for column in (*self.features, self.target):
            if column in RESERVED_FIELDS:
                raise ValueError(f"{column!r} is a reserved field: rename the column")
        if unknown := [name for name in self.serving.capture if name not in self.features]:
            raise ValueError(f"capture names unknown features: {', '.join(unknown)}")
        if text := [name for name in self.serving.capture if self.features[name].type == "text"]:
            raise ValueError(
                f"capture names features of type text: {', '.join(text)}: free text is not kept in the prediction log"
            )
        self.monitoring.check_features({name: self.features[name].type for name in self.serving.capture})

    def _check_classes(self) -> None:
        wanted = {"binary": (2, 2), "multiclass": (3, 1000), "regression": (0, 0)}[self.task]
        if not wanted[0] <= len(self.classes) <= wanted[1]:
            raise ValueError(
                f"task {self.task} needs {wanted[0]} to {wanted[1]} classes, got {len(self.classes)}"
            )
        if len(set(map(str, self.classes))) != len(self.classes):
            raise ValueError("classes must differ from each other")

    def _check_metrics(self) -> None:
        for name in (self.training.metric, *self.gate.minimum):
            if name not in METRICS_OF_TASK[self.task]:
                known = ", ".join(METRICS_OF_TASK[self.task])
                raise ValueError(f"metric {name!r} does not fit task {self.task}: use one of {known}")
        if self.training.metric == "roc_auc_ovr" and len(self.classes) > MAX_RANKED_CLASSES:
            raise ValueError(
                f"metric 'roc_auc_ovr' is watched for at most {MAX_RANKED_CLASSES} classes, got {len(self.classes)}: "
                "use accuracy, f1_macro or log_loss"
            )

    def _check_estimators(self) -> None:
        for candidate in self.training.candidates:
            candidate.check_task(self.task)
            if self.serving.runtime == "compiled" and (why := candidate.not_compiled()):
                raise ValueError(
                    f"candidate {candidate.name!r}: {why}: set serving.runtime to auto, or remove the candidate"
                )

    def _check_shadow(self) -> None:
        """A request can be copied only if the log has all of it."""
        lacking = [name for name in self.features if name not in self.serving.capture]
        if self.release.shadow and lacking:
            raise ValueError(
                f"release.shadow copies requests out of the prediction log, which does not keep {', '.join(lacking)}: "
                "add them to serving.capture, or remove release.shadow"
            )
