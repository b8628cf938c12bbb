"""The parity gate: the served runtime must answer the golden rows as scikit-learn did, or there is no version."""

from dataclasses import dataclass

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.golden import Answer, worst_difference
from lambdaloop.ports import ArtifactStore
from lambdaloop.serving.onnx_model import OnnxModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How exact the served runtime is."""

    rows: int
    worst_difference: float


def check_parity(*, bundle: Artifact, artifacts: ArtifactStore) -> Parity:
    """Replay the golden rows one by one, as requests come, and once more as one batch.

    Raises ParityError that names the first row that is not exact.
    """
    content = artifacts.get(bundle)
    golden = unpack_bundle(content).golden()
    model = OnnxModel.from_bundle(content)
    batch = model.predict(list(golden.rows))
    single = [prediction for row in golden.rows for prediction in model.predict([row])]
    worst = 0.0
    for predictions in (batch, single):
        answers = [Answer(value=one.value, probabilities=one.probabilities) for one in predictions]
        worst = max(worst, worst_difference(golden, answers))
    return Parity(rows=len(golden.rows), worst_difference=worst)
