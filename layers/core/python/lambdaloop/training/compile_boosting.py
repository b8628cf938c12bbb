"""The compiled form of boosted trees."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.compiled import Part
from lambdaloop.training.compile_trees import CategorySplits, Tree, plain_tree, trees_part

_LOG_LINK = frozenset({"poisson", "gamma"})
_BITS = 32


def compile_gradient_boosting(estimator: Any, *, link: str) -> Part:
    """Baseline plus learning rate times the reached leaves."""
    trees = [
        plain_tree(one.tree_, estimator.learning_rate * one.tree_.value[:, 0, 0])
        for round_ in estimator.estimators_
        for one in round_
    ]
    nothing = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    baseline = estimator._raw_predict_init(nothing)[0]  # noqa: SLF001  (the same for every row: no init estimator)
    if link == "sigmoid" and estimator.loss == "exponential":
        # Its probability is the sigmoid of twice the sum, and doubling loses no bit.
        baseline = 2 * baseline
        trees = [_doubled(tree) for tree in trees]
    return trees_part(
        "boosting",
        trees,
        columns=estimator.n_features_in_,
        rounded=True,
        values={"link": link},
        arrays={"baseline": baseline},
    )


def compile_histogram_boosting(estimator: Any, *, link: str) -> Part:
    """Baseline plus the reached leaves; numbers in double, missing ones and categories as the trees learned them."""
    columns = _Columns(estimator)
    trees = [
        columns.tree(predictor)
        for iteration in estimator._predictors  # noqa: SLF001  (scikit-learn has no public way to the trees)
        for predictor in iteration
    ]
    if link == "raw" and getattr(estimator, "loss", None) in _LOG_LINK:
        link = "exponential"
    return trees_part(
        "boosting",
        trees,
        columns=estimator.n_features_in_,
        rounded=False,
        splits=columns.splits(),
        values={"link": link},
        arrays={"baseline": np.asarray(estimator._baseline_prediction).reshape(-1)},  # noqa: SLF001  (the same)
    )


class _Columns:
    """Histogram boosting moves categorical columns to the front and numbers their categories anew; this leads back."""

    def __init__(self, estimator: Any) -> None:
        columns = estimator.n_features_in_
        self._original = np.arange(columns)
        self._seen: dict[int, NDArray[np.float64]] = {}
        """By the column's place among the trees' columns: the codes that the fit saw, in the order of its own numbers."""
        if estimator.is_categorical_ is not None:
            is_category = np.asarray(estimator.is_categorical_)
            self._original = np.concatenate([np.flatnonzero(is_category), np.flatnonzero(~is_category)])
            encoder = estimator._preprocessor.named_transformers_["encoder"]  # noqa: SLF001  (no public way)
            self._seen = {place: codes[~np.isnan(codes)] for place, codes in enumerate(encoder.categories_)}
        self._split_columns: list[int] = []
        self._sides: list[NDArray[np.int64]] = []

    def tree(self, predictor: Any) -> Tree:
        nodes = predictor.nodes
        is_category = nodes["is_categorical"].astype(np.bool_)
        split = np.full(len(nodes), -1, dtype=np.int64)
        for node in np.flatnonzero(is_category):
            split[node] = len(self._sides)
            self._add_split(nodes[node], predictor.raw_left_cat_bitsets)
        return Tree(
            is_leaf=nodes["is_leaf"].astype(np.bool_),
            left=nodes["left"].astype(np.int64),
            right=nodes["right"].astype(np.int64),
            feature=self._original[nodes["feature_idx"].astype(np.int64)],
            threshold=nodes["num_threshold"].astype(np.float64),
            missing_left=nodes["missing_go_to_left"].astype(np.bool_),
            values=nodes["value"].astype(np.float64),
            split=split,
        )

    def splits(self) -> CategorySplits | None:
        """All splits of categories so far."""
        if not self._sides:
            return None
        return CategorySplits(columns=np.array(self._split_columns), sides=self._sides)

    def _add_split(self, node: Any, bitsets: Any) -> None:
        place = int(node["feature_idx"])
        seen = self._seen[place].astype(np.int64)
        # What the fit never saw goes the way of the missing ones. The first entry is that of missing and unseen.
        sides = np.full(seen.max(initial=-1) + 2, 0 if node["missing_go_to_left"] else 1, dtype=np.int64)
        bits = bitsets[int(node["bitset_idx"])]
        for number, code in enumerate(seen.tolist()):
            goes_left = int(bits[number // _BITS]) >> (number % _BITS) & 1
            sides[code + 1] = 1 - goes_left
        self._split_columns.append(int(self._original[place]))
        self._sides.append(sides)


def _doubled(tree: Tree) -> Tree:
    from dataclasses import replace

    return replace(tree, values=2 * tree.values)
