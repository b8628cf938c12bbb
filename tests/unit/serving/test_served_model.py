import io
import math
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from lambdaloop.domain.bundle import Bundle, unpack_bundle
from lambdaloop.domain.compiled import Part, pack_part
from lambdaloop.domain.encoding import RowsInvalidError
from lambdaloop.domain.errors import ArtifactCorruptError
from lambdaloop.domain.signature import Signature
from lambdaloop.serving.served_model import LoadedBundle
from tests.fakes.tiny_model import FEATURES, ROW, ROW_SCORE, classifier, regressor


def test_a_classifier_answers_the_label_of_the_greatest_probability() -> None:
    model = LoadedBundle.from_bytes(classifier())
    likely, unlikely = model.predict([ROW, {**ROW, "visits": 1000}])
    assert likely.probabilities is not None
    assert likely.value == "yes"
    assert likely.probabilities["yes"] == pytest.approx(1 / (1 + math.exp(-ROW_SCORE)), abs=1e-12)
    assert sum(likely.probabilities.values()) == pytest.approx(1)
    assert unlikely.value == "no"


def test_labels_keep_their_type() -> None:
    output = LoadedBundle.from_bytes(classifier(classes=(0, 1))).predict([ROW])[0]
    assert output.value == 1
    assert type(output.value) is int
    assert set(output.probabilities or ()) == {"0", "1"}


def test_of_equal_probabilities_the_first_class_wins_as_in_scikit_learn() -> None:
    row = {"age": 0, "visits": 0, "active": False, "plan": "basic"}
    assert LoadedBundle.from_bytes(classifier()).predict([row])[0].value == "no"


def test_a_regressor_answers_a_plain_number() -> None:
    output = LoadedBundle.from_bytes(regressor()).predict([ROW])[0]
    assert output.value == pytest.approx(ROW_SCORE, abs=1e-12)
    assert type(output.value) is float
    assert output.probabilities is None


def test_a_batch_answers_as_its_rows_do_one_by_one() -> None:
    model = LoadedBundle.from_bytes(classifier())
    rows = [{**ROW, "visits": number, "age": None if number % 3 else number} for number in range(50)]
    for together, alone in zip(model.predict(rows), (model.predict([row])[0] for row in rows), strict=True):
        assert together.value == alone.value
        assert together.probabilities == pytest.approx(alone.probabilities, abs=1e-15)


def test_rows_that_do_not_fit_are_refused_with_row_and_field() -> None:
    with pytest.raises(RowsInvalidError) as caught:
        LoadedBundle.from_bytes(classifier()).predict([ROW, {**ROW, "visits": -1}])
    assert [(one.row, one.field) for one in caught.value.problems] == [(1, "visits")]


def test_numbers_too_great_for_a_finite_answer_are_refused() -> None:
    model = LoadedBundle.from_bytes(regressor())
    infinite = Signature(model="price", task="regression", features=FEATURES)
    assert model.signature == infinite
    row = {**ROW, "age": 1.7e308}
    assert math.isfinite(float(model.predict([row])[0].value))  # 0.05 of it still is a number
    with pytest.raises(RowsInvalidError, match="too great"):
        _squaring_model().predict([ROW, row])


def test_bytes_that_are_no_bundle_are_corrupt() -> None:
    with pytest.raises(ArtifactCorruptError, match="bundle"):
        LoadedBundle.from_bytes(b"not a zip file")


def test_a_model_that_is_cut_off_is_corrupt() -> None:
    bundle = unpack_bundle(classifier())
    for length in (3, 60, len(bundle.model) - 1):
        with pytest.raises(ArtifactCorruptError, match="compiled model"):
            LoadedBundle(replace(bundle, model=bundle.model[:length]))


def test_a_model_of_a_kind_that_is_not_known_is_corrupt() -> None:
    bundle = unpack_bundle(classifier())
    strange = bundle.model.replace(b'"kind":"linear"', b'"kind":"lunear"')
    with pytest.raises(ArtifactCorruptError, match="lunear"):
        LoadedBundle(replace(bundle, model=strange))


def test_a_model_with_other_columns_than_its_signature_is_corrupt() -> None:
    bundle = unpack_bundle(classifier())
    features = {name: feature for name, feature in FEATURES.items() if name != "plan"}
    narrower = Signature(model="churn", task="binary", features=features, classes=("no", "yes"))
    with pytest.raises(ArtifactCorruptError, match="4 features and 2 scores, its signature says 3 and 2"):
        LoadedBundle(replace(bundle, signature=narrower))


def test_a_bundle_of_a_runtime_that_is_gone_says_so() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(classifier())) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name.replace("model.compiled", "model.onnx"), old.read(name))
    with pytest.raises(ArtifactCorruptError, match=r"none of model\.compiled, model\.joblib"):
        LoadedBundle.from_bytes(stream.getvalue())


def _squaring_model() -> LoadedBundle:
    """Every feature times itself, added up."""
    fill = Part(kind="fill", arrays={"filling": np.zeros(4), "marked": np.zeros(0, dtype=np.int32)})
    squares = Part(
        kind="products",
        arrays={"earlier": np.arange(4, dtype=np.int32), "factor": np.arange(4, dtype=np.int32)},
    )
    numbers = Part(kind="numbers", arrays={"places": np.arange(4, dtype=np.int32)}, parts=(fill, squares))
    weights = np.repeat([0.0, 1.0], 4).reshape(-1, 1)
    linear = Part(
        kind="linear",
        values={"link": "raw"},
        arrays={"coefficients": weights, "intercept": np.zeros(1)},
    )
    model = Part(
        kind="pipeline",
        values={"features": 4, "scores": 1},
        parts=(Part(kind="columns", parts=(numbers,)), linear),
    )
    signature = Signature(model="price", task="regression", features=FEATURES)
    return LoadedBundle(Bundle(signature=signature, model=pack_part(model), golden_json=b""))
