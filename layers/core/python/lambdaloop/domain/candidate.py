"""What a definition may try: estimators, ensembles of them, and how columns are prepared for them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from lambdaloop.domain.metrics import Task
from lambdaloop.domain.search_space import MAX_SEARCHED, Range, check_search, draw_trials

Estimator = Literal[
    "logistic_regression",
    "linear_regression",
    "ridge",
    "lasso",
    "linear_svm",
    "kernel_svm",
    "naive_bayes",
    "nearest_neighbors",
    "decision_tree",
    "random_forest",
    "extra_trees",
    "gradient_boosting",
    "hist_gradient_boosting",
    "neural_network",
    "voting",
    "stacking",
]
Parameter = str | int | float | bool | tuple[int | float, ...] | None

ENSEMBLES = frozenset({"voting", "stacking"})
"""Estimators that are made of members."""
MAX_TRIALS = 200
"""Trainings of one run: their results travel in one document of at most 256 KB, and each is seven of at most 25,000 events."""
_USUAL_TRIALS = 20
_CLASSIFIERS_ONLY = frozenset({"logistic_regression", "naive_bayes"})
_REGRESSORS_ONLY = frozenset({"linear_regression", "ridge", "lasso"})
_STRICT = {"extra": "forbid", "use_attribute_docstrings": True}


def _check_parameters(parameters: Mapping[str, Parameter]) -> None:
    """Comparisons with NaN are all false, so a rule would let it through."""
    for name, value in parameters.items():
        numbers = value if isinstance(value, tuple) else (value,)
        if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
            raise ValueError(f"{name} must be a finite number, got {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One estimator of an ensemble."""

    __pydantic_config__ = _STRICT

    estimator: Estimator
    """Any but voting and stacking."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    """Keyword arguments of the scikit-learn estimator, over Lambdaloop's defaults."""
    search: Mapping[str, Range] = field(default_factory=dict)
    """Keyword arguments that the candidate's trials try values of."""

    def __post_init__(self) -> None:
        _check_parameters(self.parameters)
        check_search(self.search, self.parameters)
        if self.estimator in ENSEMBLES:
            raise ValueError(f"a member must be a plain estimator, not {self.estimator}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """How columns are made ready for an estimator."""

    __pydantic_config__ = _STRICT

    impute: Literal["median", "mean", "most_frequent", "zero"] = "median"
    """What a missing number becomes."""
    mark_missing: bool = True
    """Whether a column says where a number was missing."""
    scale: Literal["standard", "robust", "min_max", "max_abs", "none"] = "standard"
    """How numbers are scaled."""
    degree: int = 1
    """2 or 3: products of so many numbers are columns, too."""
    categories: Literal["one_hot", "ordinal", "native"] = "one_hot"
    """one_hot: a column for each category; ordinal: its place as a number, as for features that are ordered; native: as
    hist_gradient_boosting alone can split them."""
    terms: int = 500
    """The most frequent terms of a text that are columns."""
    longest_term: int = 1
    """Words in a row that make a term."""
    damp_terms: bool = False
    """Whether a term's tenth time counts less than its first."""
    keep: int | None = None
    """Only so many columns, those that by themselves tell most about the target."""

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("degree", self.degree, 1, 3),
            ("terms", self.terms, 1, 5000),
            ("longest_term", self.longest_term, 1, 3),
            ("keep", self.keep, 1, 10_000),
        ):
            if value is not None and not least <= value <= most:
                raise ValueError(f"{name} must be {least} to {most}, got {value}")


_PREPARED = Preparation()
_PLAIN_NUMBERS = ("impute", "mark_missing", "scale", "degree", "keep")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One estimator with hyperparameters, tried in every run."""

    __pydantic_config__ = _STRICT

    name: str
    """Unique within the definition."""
    estimator: Estimator
    """logistic_regression and naive_bayes classify, linear_regression, ridge and lasso predict numbers, all others do both."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    """Keyword arguments of the scikit-learn estimator, over Lambdaloop's defaults."""
    members: tuple[Member, ...] = ()
    """What voting and stacking are made of."""
    calibrate: Literal["sigmoid", "isotonic"] | None = None
    """Curve that turns what a classifier says into probabilities; support vector machines have sigmoid unless told otherwise."""
    preparation: Preparation = field(default_factory=Preparation)
    """How columns are made ready."""
    search: Mapping[str, Range] = field(default_factory=dict)
    """Keyword arguments that trials try values of, such as learning_rate: {type: float, low: 0.01, high: 0.3, log: true}."""
    trials: int | None = None
    """How many values of what is searched are tried, each in a training of its own; 20 unless given."""

    def __post_init__(self) -> None:
        _check_parameters(self.parameters)
        check_search(self.search, self.parameters)
        self._check_trials()
        if self.estimator in ENSEMBLES and len(self.members) < 2:
            raise ValueError(f"{self.estimator} needs two members or more, got {len(self.members)}")
        if self.members and self.estimator not in ENSEMBLES:
            raise ValueError(f"members belong to voting or stacking, not to {self.estimator}")
        if self.estimator == "hist_gradient_boosting":
            changed = [
                name for name in _PLAIN_NUMBERS if getattr(self.preparation, name) != getattr(_PREPARED, name)
            ]
            if changed:
                raise ValueError(
                    f"hist_gradient_boosting takes numbers as they are, missing ones included: remove {', '.join(changed)} "
                    "from preparation"
                )
        elif self.preparation.categories == "native":
            raise ValueError(
                f"categories: native belongs to hist_gradient_boosting, not to {self.estimator}: use one_hot or ordinal"
            )

    @property
    def ranges(self) -> dict[tuple[int | None, str], Range]:
        """All that is searched, by the place of the member that has it (None for the candidate itself) and its name."""
        own: dict[tuple[int | None, str], Range] = {(None, name): each for name, each in self.search.items()}
        return own | {
            (place, name): each
            for place, member in enumerate(self.members)
            for name, each in member.search.items()
        }

    @property
    def most_trained(self) -> int:
        """How many trainings it is at most: fewer where a search has fewer points that differ."""
        return (self.trials or _USUAL_TRIALS) if self.ranges else 1

    def tried(self, *, seed: int) -> "tuple[Candidate, ...]":
        """What is trained: itself, or its trials, which are plain candidates called NAME#1, NAME#2 and so on."""
        ranges = self.ranges
        if not ranges:
            return (self,)
        drawn = draw_trials(
            [*ranges.values()],
            self.most_trained,
            seed=f"{seed}/{self.name}",
        )
        return tuple(
            self._with(f"{self.name}#{number}", dict(zip(ranges, values, strict=True)))
            for number, values in enumerate(drawn, start=1)
        )

    def _with(self, name: str, values: Mapping[tuple[int | None, str], Parameter]) -> "Candidate":
        def of(place: int | None) -> dict[str, Parameter]:
            return {parameter: value for (owner, parameter), value in values.items() if owner == place}

        return replace(
            self,
            name=name,
            parameters={**self.parameters, **of(None)},
            members=tuple(
                replace(member, parameters={**member.parameters, **of(place)}, search={})
                for place, member in enumerate(self.members)
            ),
            search={},
            trials=None,
        )

    def _check_trials(self) -> None:
        searched = len(self.ranges)
        if self.trials is not None and not searched:
            raise ValueError("trials belong to a search: say in search what they try, or remove trials")
        if self.trials is not None and not 2 <= self.trials <= MAX_TRIALS:
            raise ValueError(f"trials must be 2 to {MAX_TRIALS}, got {self.trials}")
        if searched > MAX_SEARCHED:
            raise ValueError(f"a search may have {MAX_SEARCHED} hyperparameters at most, got {searched}")

    def check_task(self, task: Task) -> None:
        """ValueError when it has no estimator for the task."""
        wrong = _CLASSIFIERS_ONLY if task == "regression" else _REGRESSORS_ONLY
        for estimator in self._estimators():
            if estimator in wrong:
                raise ValueError(f"candidate {self.name!r}: {estimator} does not fit task {task}")
        if self.calibrate and task == "regression":
            raise ValueError(f"candidate {self.name!r}: calibrate belongs to classifiers: remove it")

    def not_compiled(self) -> str | None:
        """Why it cannot have a compiled form, where that is known before anything is fitted."""
        if "nearest_neighbors" in self._estimators():
            return "nearest_neighbors is served by scikit-learn itself (which of equally near rows count, only its own search tells)"
        return None

    def _estimators(self) -> list[Estimator]:
        return [self.estimator, *(member.estimator for member in self.members)]
