"""Ensembles of every shape, against a walk down one tree after the other."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from lambdaloop.domain.compiled import pack_part, unpack_part
from lambdaloop.serving.compiled.trees import Forest
from lambdaloop.training.compile_trees import Tree, trees_part

COLUMNS = 5
ROWS = np.random.default_rng(1).normal(size=(12, COLUMNS))
ROWS[::7, 2] = np.nan


def tree(seed: int, *, leaves: int, lopsided: float = 0.0) -> Tree:
    """Leaves are split by chance; a lopsided tree splits the newest one again and so gets long branches."""
    rng = np.random.default_rng(seed)
    left, right, open_ = [-1], [-1], [0]
    while len(open_) < leaves:
        node = open_.pop(-1 if rng.random() < lopsided else rng.integers(len(open_)))
        left[node], right[node] = len(left), len(left) + 1
        open_ += [left[node], right[node]]
        left += [-1, -1]
        right += [-1, -1]
    nodes = len(left)
    return Tree(
        is_leaf=np.array(left) < 0,
        left=np.array(left),
        right=np.array(right),
        feature=rng.integers(COLUMNS, size=nodes),
        threshold=rng.normal(size=nodes),
        missing_left=rng.random(nodes) < 0.5,
        values=rng.normal(size=(nodes, 2)),
        split=np.full(nodes, -1),
    )


def walk(one: Tree, row: NDArray[np.float64]) -> NDArray[np.float64]:
    node = 0
    while not one.is_leaf[node]:
        value = row[one.feature[node]]
        goes_left = one.missing_left[node] if np.isnan(value) else value <= one.threshold[node]
        node = one.left[node] if goes_left else one.right[node]
    reached: NDArray[np.float64] = one.values[node]
    return reached


def forest(trees: Sequence[Tree]) -> Forest:
    return Forest(unpack_part(pack_part(trees_part("forest", trees, columns=COLUMNS, rounded=False))))


SHAPES = {
    "one leaf": [tree(0, leaves=1)],
    "leaves and trees": [tree(0, leaves=1), tree(1, leaves=9), tree(2, leaves=1)],
    "few nodes, all compared at once": [tree(seed, leaves=30) for seed in range(20)],
    "many nodes": [tree(seed, leaves=400) for seed in range(30)],
    "many nodes and long branches": [tree(seed, leaves=400, lopsided=0.9) for seed in range(30)],
    "more trees than levels are wide": [tree(seed, leaves=6) for seed in range(2100)],
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rows", [1, 2, 12])
def test_a_row_gets_the_mean_of_the_leaves_that_it_reaches_alone_and_among_others(
    shape: str, rows: int
) -> None:
    trees, asked = SHAPES[shape], ROWS[-rows:]
    wanted = np.zeros((len(asked), 2))
    for one in trees:
        wanted += [walk(one, row) for row in asked]
    assert np.array_equal(forest(trees)(asked), wanted / len(trees))
