from dataclasses import replace

import onnx
import pytest
from onnx import numpy_helper

from functions.check_parity.handler import handle
from lambdaloop.domain.bundle import pack_bundle, unpack_bundle
from lambdaloop.domain.documents import Document, to_document
from lambdaloop.domain.errors import ArtifactCorruptError, ParityError
from lambdaloop.domain.golden import GoldenRows
from lambdaloop.domain.version import BUNDLE
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import candidate, definition, sample_csv


@pytest.fixture(scope="module")
def packaged() -> tuple[Workshop, bytes]:
    workshop = Workshop(
        definition(training={"candidates": (candidate("logistic_regression"),)}), sample_csv()
    )
    version = workshop.version(workshop.run())
    return workshop, workshop.artifacts.get(version.files[BUNDLE])


def event(workshop: Workshop, content: bytes) -> Document:
    artifact = workshop.artifacts.put("sample", BUNDLE, content)
    return {"package": {"files": {BUNDLE: to_document(artifact)}}}


def test_a_graph_that_differs_a_little_on_one_row_is_not_servable(packaged: tuple[Workshop, bytes]) -> None:
    workshop, content = packaged
    bundle = unpack_bundle(content)
    golden = bundle.golden()
    wrong = {label: p + 2e-6 for label, p in (golden.outputs[3].probabilities or {}).items()}
    outputs = (*golden.outputs[:3], replace(golden.outputs[3], probabilities=wrong), *golden.outputs[4:])
    changed = replace(bundle, golden_json=GoldenRows(rows=golden.rows, outputs=outputs).to_json())
    with pytest.raises(ParityError, match=r"golden row 3: .* off by 2e-06, allowed 1e-06"):
        handle(event(workshop, pack_bundle(changed)), workshop.app)


def test_a_graph_with_a_changed_weight_is_not_servable(packaged: tuple[Workshop, bytes]) -> None:
    workshop, content = packaged
    bundle = unpack_bundle(content)
    model = onnx.load_model_from_string(bundle.model)
    (product,) = [node for node in model.graph.node if node.op_type == "MatMul"]
    (weights,) = [one for one in model.graph.initializer if one.name == product.input[1]]
    values = numpy_helper.to_array(weights) * (1 + 1e-4)
    weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    with pytest.raises(ParityError, match="golden row"):
        handle(event(workshop, pack_bundle(replace(bundle, model=model.SerializeToString()))), workshop.app)


def test_a_damaged_bundle_is_refused_before_it_is_parsed(packaged: tuple[Workshop, bytes]) -> None:
    workshop, content = packaged
    state = event(workshop, content)
    reference = state["package"]["files"][BUNDLE]
    place = (reference["key"], reference["version_id"])
    workshop.artifacts.objects[place] = content[:-1] + b"!"
    with pytest.raises(ArtifactCorruptError):
        handle(state, workshop.app)
    workshop.artifacts.objects[place] = content
    assert handle(state, workshop.app)["rows"] > 70
