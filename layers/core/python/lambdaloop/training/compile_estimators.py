"""The compiled form of every estimator that has one, by its class; ensembles are made of those of their members."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn import (
    calibration,
    compose,
    ensemble,
    isotonic,
    linear_model,
    naive_bayes,
    neural_network,
    svm,
    tree,
)

from lambdaloop.domain.compiled import Part
from lambdaloop.domain.errors import NotCompilableError
from lambdaloop.training.compile_boosting import compile_gradient_boosting, compile_histogram_boosting
from lambdaloop.training.compile_trees import plain_tree, trees_part


def compile_estimator(estimator: Any) -> Part:
    """What it says: probabilities of a classifier, numbers of a regressor. NotCompilableError where it has no such form."""
    return _compiler(estimator)(estimator, _link(estimator))


def _compile_decision(estimator: Any) -> Part:
    """What a calibration curve is laid over: raw decisions where scikit-learn takes those, else probabilities."""
    link = "raw" if hasattr(estimator, "decision_function") else _link(estimator)
    return _compiler(estimator)(estimator, link)


def _compiler(estimator: Any) -> Callable[[Any, str], Part]:
    compiler = _COMPILERS.get(type(estimator))
    if compiler is None:
        raise NotCompilableError(f"{type(estimator).__name__} has no compiled form")
    return compiler


def _link(estimator: Any) -> str:
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return "raw"
    return "sigmoid" if len(classes) == 2 else "softmax"


def _linear(estimator: Any, link: str) -> Part:
    return Part(
        kind="linear",
        values={"link": link},
        arrays={
            "coefficients": np.ascontiguousarray(np.atleast_2d(estimator.coef_).T),
            "intercept": np.atleast_1d(np.asarray(estimator.intercept_, dtype=np.float64)),
        },
    )


def _kernel_machine(estimator: Any, link: str) -> Part:
    """Classifiers are always calibrated, so these are raw decisions whatever the link."""
    del link
    classes = len(getattr(estimator, "classes_", ()))
    weights = estimator.dual_coef_.T if classes <= 2 else _duels(estimator)
    if callable(estimator.kernel) or estimator.kernel == "precomputed":
        raise NotCompilableError(f"the kernel {estimator.kernel!r} has no compiled form")
    return Part(
        kind="support_vectors",
        values={
            "classes": classes,
            "kernel": estimator.kernel,
            "gamma": float(estimator._gamma),  # noqa: SLF001  (what "scale" came to is nowhere else)
            "shift": float(estimator.coef0),
            "degree": int(estimator.degree),
        },
        arrays={
            "vectors": estimator.support_vectors_,
            "weights": np.ascontiguousarray(weights),
            "intercept": estimator.intercept_,
        },
    )


def _duels(estimator: Any) -> Any:
    """Libsvm keeps, for each vector, its weight against each other class; here a column for each pair of classes."""
    ends = np.cumsum(estimator.n_support_)
    own = [slice(end - count, end) for end, count in zip(ends, estimator.n_support_, strict=True)]
    columns = []
    for first in range(len(own)):
        for second in range(first + 1, len(own)):
            column = np.zeros(ends[-1])
            column[own[first]] = estimator.dual_coef_[second - 1, own[first]]
            column[own[second]] = estimator.dual_coef_[first, own[second]]
            columns.append(column)
    return np.stack(columns, axis=1)


def _naive_bayes(estimator: Any, link: str) -> Part:
    del link
    shares = np.log(estimator.class_prior_)
    return Part(
        kind="naive_bayes",
        arrays={
            "means": estimator.theta_,
            "variances": estimator.var_,
            "constant": shares - 0.5 * np.log(2.0 * np.pi * estimator.var_).sum(axis=1),
        },
    )


def _network(estimator: Any, link: str) -> Part:
    layers = zip(estimator.coefs_, estimator.intercepts_, strict=True)
    return Part(
        kind="network",
        values={"activation": estimator.activation, "link": link},
        parts=tuple(
            Part(kind="layer", arrays={"weights": weights, "biases": biases}) for weights, biases in layers
        ),
    )


def _forest(estimator: Any, link: str) -> Part:
    """Probabilities as they are, so the link does not matter; a single tree is a forest, too."""
    del link
    members = getattr(estimator, "estimators_", [estimator])
    return trees_part(
        "forest",
        [plain_tree(one.tree_, one.tree_.value[:, 0, :]) for one in members],
        columns=estimator.n_features_in_,
        rounded=True,
    )


def _gradient_boosting(estimator: Any, link: str) -> Part:
    return compile_gradient_boosting(estimator, link=link)


def _histogram_boosting(estimator: Any, link: str) -> Part:
    return compile_histogram_boosting(estimator, link=link)


def _vote(estimator: Any, link: str) -> Part:
    del link
    weights = estimator.weights if estimator.weights is not None else [1.0] * len(estimator.estimators_)
    return Part(
        kind="vote",
        arrays={"weights": np.asarray(weights, dtype=np.float64)},
        parts=tuple(map(compile_estimator, estimator.estimators_)),
    )


def _stack(estimator: Any, link: str) -> Part:
    last = estimator.final_estimator_
    two = len(getattr(estimator, "classes_", ())) == 2
    return Part(
        kind="stack",
        values={"skipped": [int(two)] * len(estimator.estimators_), "passes_columns": estimator.passthrough},
        parts=(*map(compile_estimator, estimator.estimators_), _compiler(last)(last, link)),
    )


def _scaled_target(estimator: Any, link: str) -> Part:
    del link
    scaler = estimator.transformer_
    return Part(
        kind="scaled_target",
        values={"scale": float(scaler.scale_[0]), "mean": float(scaler.mean_[0])},
        parts=(compile_estimator(estimator.regressor_),),
    )


def _calibrated(estimator: Any, link: str) -> Part:
    del link
    return Part(kind="calibrated", parts=tuple(map(_fold, estimator.calibrated_classifiers_)))


def _fold(fold: Any) -> Part:
    decides = hasattr(fold.estimator, "decision_function")
    return Part(
        kind="fold",
        # Of two probabilities the second is calibrated; of two classes there is one decision.
        values={"skipped": int(not decides and len(fold.classes) == 2)},
        parts=(_compile_decision(fold.estimator), *map(_curve, fold.calibrators)),
    )


def _curve(calibrator: Any) -> Part:
    if isinstance(calibrator, isotonic.IsotonicRegression):
        return Part(
            kind="steps_curve",
            arrays={
                "knots": np.asarray(calibrator.X_thresholds_, dtype=np.float64),
                "heights": np.asarray(calibrator.y_thresholds_, dtype=np.float64),
            },
        )
    return Part(
        kind="sigmoid_curve", values={"slope": float(calibrator.a_), "intercept": float(calibrator.b_)}
    )


_COMPILERS: Mapping[type, Callable[[Any, str], Part]] = {
    **dict.fromkeys(
        (
            linear_model.LogisticRegression,
            linear_model.LinearRegression,
            linear_model.Ridge,
            linear_model.RidgeCV,
            linear_model.Lasso,
            svm.LinearSVC,
            svm.LinearSVR,
        ),
        _linear,
    ),
    **dict.fromkeys((svm.SVC, svm.SVR), _kernel_machine),
    naive_bayes.GaussianNB: _naive_bayes,
    **dict.fromkeys((neural_network.MLPClassifier, neural_network.MLPRegressor), _network),
    **dict.fromkeys(
        (
            tree.DecisionTreeClassifier,
            tree.DecisionTreeRegressor,
            ensemble.RandomForestClassifier,
            ensemble.RandomForestRegressor,
            ensemble.ExtraTreesClassifier,
            ensemble.ExtraTreesRegressor,
        ),
        _forest,
    ),
    **dict.fromkeys(
        (ensemble.GradientBoostingClassifier, ensemble.GradientBoostingRegressor), _gradient_boosting
    ),
    **dict.fromkeys(
        (ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor),
        _histogram_boosting,
    ),
    **dict.fromkeys((ensemble.VotingClassifier, ensemble.VotingRegressor), _vote),
    **dict.fromkeys((ensemble.StackingClassifier, ensemble.StackingRegressor), _stack),
    calibration.CalibratedClassifierCV: _calibrated,
    compose.TransformedTargetRegressor: _scaled_target,
}
