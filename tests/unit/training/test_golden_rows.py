import math
from dataclasses import replace

import numpy as np
import pytest

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.encoding import RowEncoder
from lambdaloop.domain.golden import GoldenRows
from lambdaloop.domain.metrics import Task
from lambdaloop.domain.signature import Signature
from lambdaloop.training.golden_rows import MAX_ROWS, golden_rows
from lambdaloop.training.pipelines import fit
from tests.unit.training.sample_data import FEATURES, candidate, definition, prepared


def golden(task: Task = "binary", *, features: dict[str, Feature] = FEATURES) -> GoldenRows:
    data, model = prepared(task), definition(task)
    estimator = candidate("hist_gradient_boosting")
    pipeline = fit(model, estimator, data.training_frame, data.training_target)
    return golden_rows(pipeline, Signature.of(definition(task, features=features)), data.holdout_frame)


def test_golden_rows_are_few_all_different_and_can_be_encoded() -> None:
    rows = golden().rows
    assert 70 < len(rows) <= MAX_ROWS
    assert all(rows[i] != rows[j] for i in range(len(rows)) for j in range(i))
    assert len(RowEncoder(Signature.of(definition())).encode(rows)) == len(rows) * len(FEATURES)


def test_golden_rows_hold_large_magnitudes_missing_values_and_unseen_categories() -> None:
    rows = golden().rows
    for name in ("amount", "since", "age", "score"):
        assert {1e7, -1e7, 1_700_000_000.0} <= {row[name] for row in rows}
    for name, feature in FEATURES.items():
        if feature.nullable:
            alone = [row for row in rows if row[name] is None and sum(v is None for v in row.values()) == 1]
            assert alone, name
        if feature.type == "category":
            assert any(row[name] not in (*feature.categories, None) for row in rows), name
    assert any(all(row[n] is None for n, f in FEATURES.items() if f.nullable) for row in rows)


def test_a_value_that_the_model_rejects_is_in_no_golden_row() -> None:
    strict = FEATURES | {
        "amount": replace(FEATURES["amount"], max=1e6, unexpected="reject"),
        "plan": replace(FEATURES["plan"], unexpected="reject"),
    }
    rows = golden(features=strict).rows
    assert all(0 <= row["amount"] <= 1e6 for row in rows)
    assert {row["plan"] for row in rows} <= {"basic", "plus", "pro"}
    assert any(row["since"] == 10**7 for row in rows)


def test_values_are_those_that_stand_in_json() -> None:
    for row in golden().rows:
        assert type(row["since"]) is int
        assert type(row["amount"]) is float
        assert row["active"] in (True, False, None)
        assert not isinstance(row["active"], float)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_each_label_is_the_likeliest_and_its_margin_the_lead(task: Task) -> None:
    model = definition(task)
    for output in golden(task).outputs:
        assert output.probabilities is not None
        assert list(output.probabilities) == [str(label) for label in model.classes]
        assert math.isclose(sum(output.probabilities.values()), 1, abs_tol=1e-9)
        ordered = sorted(output.probabilities.values())
        assert output.probabilities[str(output.value)] == ordered[-1]
        assert output.margin == ordered[-1] - ordered[-2]
        assert output.value in model.classes


def test_regression_has_numbers_only() -> None:
    outputs = golden("regression").outputs
    assert all(isinstance(one.value, float) and one.probabilities is None for one in outputs)
    assert np.isfinite([one.value for one in outputs]).all()
