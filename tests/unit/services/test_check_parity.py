from dataclasses import replace

import numpy as np
import pytest

from functions.check_parity.handler import handle
from lambdaloop.domain.bundle import pack_bundle, unpack_bundle
from lambdaloop.domain.compiled import Part, pack_part, unpack_part
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


def test_a_model_that_differs_a_little_on_one_row_is_not_servable(packaged: tuple[Workshop, bytes]) -> None:
    workshop, content = packaged
    bundle = unpack_bundle(content)
    golden = bundle.golden()
    wrong = {label: p + 2e-6 for label, p in (golden.outputs[3].probabilities or {}).items()}
    outputs = (*golden.outputs[:3], replace(golden.outputs[3], probabilities=wrong), *golden.outputs[4:])
    changed = replace(bundle, golden_json=GoldenRows(rows=golden.rows, outputs=outputs).to_json())
    with pytest.raises(ParityError, match=r"golden row 3: .* off by 2e-06, allowed 1e-06"):
        handle(event(workshop, pack_bundle(changed)), workshop.app)


def test_a_model_with_a_changed_weight_is_not_servable(packaged: tuple[Workshop, bytes]) -> None:
    workshop, content = packaged
    bundle = unpack_bundle(content)
    changed = pack_part(with_greater_coefficients(unpack_part(bundle.model)))
    with pytest.raises(ParityError, match="golden row"):
        handle(event(workshop, pack_bundle(replace(bundle, model=changed))), workshop.app)


def with_greater_coefficients(part: Part) -> Part:
    arrays = {
        name: array * (1 + 1e-4) if name == "coefficients" else array for name, array in part.arrays.items()
    }
    assert all(np.isfinite(array).all() for array in arrays.values())
    return replace(part, arrays=arrays, parts=tuple(map(with_greater_coefficients, part.parts)))


def test_what_serves_is_measured(packaged: tuple[Workshop, bytes]) -> None:
    workshop, content = packaged
    speed = handle(event(workshop, content), workshop.app)["speed"]
    assert all(speed[name] > 0 for name in ("load_ms", "row_us", "batch_row_us"))


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
