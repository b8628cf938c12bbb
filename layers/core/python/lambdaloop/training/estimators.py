"""The scikit-learn estimator of a candidate: its class for the task, Lambdaloop's defaults, then the definition's parameters.

Defaults, all of which `parameters` in the definition may replace, are in the table below; where a line gives none they are
scikit-learn's own. Trees are kept at sizes whose served form is a few megabytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn import ensemble, linear_model, naive_bayes, neighbors, neural_network, svm, tree
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import StandardScaler

from lambdaloop.domain.candidate import Candidate, Estimator, Member
from lambdaloop.domain.errors import DefinitionInvalidError
from lambdaloop.domain.metrics import Task


@dataclass(frozen=True, kw_only=True)
class _Kind:
    classifier: Any = None
    regressor: Any = None
    defaults: Mapping[str, Any] = field(default_factory=dict)


_BAGGED = {"n_estimators": 100, "min_samples_leaf": 5, "max_leaf_nodes": 1000}
_KINDS: Mapping[Estimator, _Kind] = {
    "logistic_regression": _Kind(classifier=linear_model.LogisticRegression, defaults={"max_iter": 1000}),
    "linear_regression": _Kind(regressor=linear_model.LinearRegression),
    "ridge": _Kind(regressor=linear_model.Ridge),
    "lasso": _Kind(regressor=linear_model.Lasso, defaults={"max_iter": 10_000}),
    "linear_svm": _Kind(classifier=svm.LinearSVC, regressor=svm.LinearSVR, defaults={"max_iter": 10_000}),
    "kernel_svm": _Kind(classifier=svm.SVC, regressor=svm.SVR),
    "naive_bayes": _Kind(classifier=naive_bayes.GaussianNB),
    "nearest_neighbors": _Kind(
        classifier=neighbors.KNeighborsClassifier, regressor=neighbors.KNeighborsRegressor
    ),
    "decision_tree": _Kind(
        classifier=tree.DecisionTreeClassifier,
        regressor=tree.DecisionTreeRegressor,
        defaults={"min_samples_leaf": 5},
    ),
    "random_forest": _Kind(
        classifier=ensemble.RandomForestClassifier,
        regressor=ensemble.RandomForestRegressor,
        defaults=_BAGGED,
    ),
    "extra_trees": _Kind(
        classifier=ensemble.ExtraTreesClassifier, regressor=ensemble.ExtraTreesRegressor, defaults=_BAGGED
    ),
    "gradient_boosting": _Kind(
        classifier=ensemble.GradientBoostingClassifier, regressor=ensemble.GradientBoostingRegressor
    ),
    "hist_gradient_boosting": _Kind(
        classifier=ensemble.HistGradientBoostingClassifier,
        regressor=ensemble.HistGradientBoostingRegressor,
        defaults={"early_stopping": False},
    ),
    "neural_network": _Kind(
        classifier=neural_network.MLPClassifier,
        regressor=neural_network.MLPRegressor,
        defaults={"max_iter": 500},
    ),
    "voting": _Kind(classifier=ensemble.VotingClassifier, regressor=ensemble.VotingRegressor),
    "stacking": _Kind(classifier=ensemble.StackingClassifier, regressor=ensemble.StackingRegressor),
}
# Set by Lambdaloop (one thread, the definition's seed, members) or without a meaning for prepared columns.
_RESERVED = frozenset(
    {
        "categorical_features",
        "copy_X",
        "estimators",
        "final_estimator",
        "init",
        "interaction_cst",
        "monotonic_cst",
        "n_jobs",
        "oob_score",
        "probability",
        "random_state",
        "stack_method",
        "verbose",
        "voting",
        "warm_start",
    }
)
_FOR_SCALED_TARGETS = frozenset({"linear_svm", "kernel_svm", "neural_network"})
_CALIBRATED_UNLESS_TOLD = frozenset({"linear_svm", "kernel_svm"})


def build_estimator(candidate: Candidate, *, task: Task, seed: int) -> Any:
    """The unfitted estimator; DefinitionInvalidError names a hyperparameter that it does not have."""
    members = [
        (
            f"{place}_{member.estimator}",
            _wrapped(_plain(candidate, member, task, seed), member.estimator, None, task),
        )
        for place, member in enumerate(candidate.members)
    ]
    estimator = _plain(candidate, candidate, task, seed, members)
    if candidate.estimator == "stacking":
        estimator.set_params(final_estimator=_last_of_stack(task))
    return _wrapped(estimator, candidate.estimator, candidate.calibrate, task)


def _plain(
    candidate: Candidate, wanted: Candidate | Member, task: Task, seed: int, members: list[Any] | None = None
) -> Any:
    kind = _KINDS[wanted.estimator]
    make = kind.regressor if task == "regression" else kind.classifier
    estimator = make(members) if members else make()
    own = estimator.get_params(deep=False)
    known = sorted(own.keys() - _RESERVED)
    for name in wanted.parameters:
        if name not in known:
            why = "is set by Lambdaloop" if name in own else f"is no parameter of {type(estimator).__name__}"
            raise DefinitionInvalidError(
                f"candidate {candidate.name!r}: {name!r} {why}: use one of {', '.join(known)}"
            )
    fixed = {"random_state": seed, "n_jobs": 1, "voting": "soft"}
    fixed = {name: value for name, value in fixed.items() if name in own}
    if wanted.estimator == "logistic_regression":
        fixed.pop("n_jobs", None)  # deprecated there: it never had an effect on the default solver
    return estimator.set_params(**{**kind.defaults, **fixed, **wanted.parameters})


def _last_of_stack(task: Task) -> Any:
    return linear_model.RidgeCV() if task == "regression" else linear_model.LogisticRegression(max_iter=1000)


def _wrapped(estimator: Any, kind: Estimator, curve: str | None, task: Task) -> Any:
    """A classifier whose decisions a fitted curve turns into probabilities, where it is asked for or needed.

    And a regressor whose penalties and tolerances mean a target of about 1, on a target of about 1.
    """
    if task == "regression" and kind in _FOR_SCALED_TARGETS:
        return TransformedTargetRegressor(estimator, transformer=StandardScaler())
    if task == "regression" or not (curve or kind in _CALIBRATED_UNLESS_TOLD):
        return estimator
    return CalibratedClassifierCV(estimator, method=curve or "sigmoid", n_jobs=1)
