import math

import pytest

from lambdaloop.domain.bundle import Bundle, pack_bundle, unpack_bundle
from lambdaloop.domain.encoding import RowsInvalidError
from lambdaloop.domain.errors import ArtifactCorruptError
from lambdaloop.domain.signature import Signature
from lambdaloop.serving.onnx_model import OnnxModel
from tests.fakes.tiny_model import FEATURES, ROW, ROW_SCORE, classifier, regressor


def test_a_classifier_answers_the_label_of_the_greatest_probability() -> None:
    model = OnnxModel.from_bundle(classifier())
    likely, unlikely = model.predict([ROW, {**ROW, "visits": 1000}])
    assert likely.probabilities is not None
    assert likely.value == "yes"
    assert likely.probabilities["yes"] == pytest.approx(1 / (1 + math.exp(-ROW_SCORE)), abs=1e-12)
    assert sum(likely.probabilities.values()) == pytest.approx(1)
    assert unlikely.value == "no"


def test_labels_keep_their_type() -> None:
    output = OnnxModel.from_bundle(classifier(classes=(0, 1))).predict([ROW])[0]
    assert output.value == 1
    assert type(output.value) is int
    assert set(output.probabilities or ()) == {"0", "1"}


def test_of_equal_probabilities_the_first_class_wins_as_in_scikit_learn() -> None:
    row = {"age": 0, "visits": 0, "active": False, "plan": "basic"}
    assert OnnxModel.from_bundle(classifier()).predict([row])[0].value == "no"


def test_a_regressor_answers_a_plain_number() -> None:
    output = OnnxModel.from_bundle(regressor()).predict([ROW])[0]
    assert output.value == pytest.approx(ROW_SCORE, abs=1e-12)
    assert type(output.value) is float
    assert output.probabilities is None


def test_a_batch_answers_as_its_rows_do_one_by_one() -> None:
    model = OnnxModel.from_bundle(classifier())
    rows = [{**ROW, "visits": number, "age": None if number % 3 else number} for number in range(50)]
    assert model.predict(rows) == [model.predict([row])[0] for row in rows]


def test_rows_that_do_not_fit_are_refused_with_row_and_field() -> None:
    with pytest.raises(RowsInvalidError) as caught:
        OnnxModel.from_bundle(classifier()).predict([ROW, {**ROW, "visits": -1}])
    assert [(one.row, one.field) for one in caught.value.problems] == [(1, "visits")]


def test_numbers_too_great_for_a_finite_answer_are_refused() -> None:
    model = OnnxModel.from_bundle(regressor())
    infinite = Signature(model="price", task="regression", features=FEATURES)
    assert model.signature == infinite
    row = {**ROW, "age": 1.7e308}
    assert math.isfinite(float(model.predict([row])[0].value))  # 0.05 of it still is a number
    with pytest.raises(RowsInvalidError, match="too great"):
        _squaring_model().predict([ROW, row])


def test_bytes_that_are_no_bundle_are_corrupt() -> None:
    with pytest.raises(ArtifactCorruptError, match="bundle"):
        OnnxModel.from_bundle(b"not a zip file")


def test_a_graph_that_cannot_be_loaded_is_corrupt() -> None:
    bundle = unpack_bundle(classifier())
    broken = Bundle(signature=bundle.signature, model=bundle.model[:60], golden_json=bundle.golden_json)
    with pytest.raises(ArtifactCorruptError, match="graph"):
        OnnxModel.from_bundle(pack_bundle(broken))


def test_a_graph_with_other_columns_than_its_signature_is_corrupt() -> None:
    bundle = unpack_bundle(classifier())
    features = {name: feature for name, feature in FEATURES.items() if name != "plan"}
    narrower = Signature(model="churn", task="binary", features=features, classes=("no", "yes"))
    with pytest.raises(ArtifactCorruptError, match="columns"):
        OnnxModel(narrower, bundle.model)


def _squaring_model() -> OnnxModel:
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["rows", "rows"], ["squares"]),
            helper.make_node("ReduceSum", ["squares", "axes"], ["scores"], keepdims=1),
        ],
        "squares",
        [helper.make_tensor_value_info("rows", TensorProto.DOUBLE, ["N", 4])],
        [helper.make_tensor_value_info("scores", TensorProto.DOUBLE, ["N", 1])],
        initializer=[helper.make_tensor("axes", TensorProto.INT64, [1], [1])],
    )
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])
    return OnnxModel(
        Signature(model="price", task="regression", features=FEATURES), model.SerializeToString()
    )
