"""Chooses what serves a version: exactness first, then speed and memory.

The compiled form needs neither scikit-learn nor pandas, answers a row many times faster and loads in milliseconds
(docs/decisions/0017 has the figures), so wherever it answers the golden rows as scikit-learn does, it serves.
"""

from dataclasses import dataclass

from sklearn.pipeline import Pipeline

from lambdaloop.domain.bundle import Bundle
from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.encoding import RowsInvalidError
from lambdaloop.domain.errors import NotCompilableError, ParityError
from lambdaloop.domain.golden import TOLERANCE, GoldenRows
from lambdaloop.domain.runtime import ChosenRuntime, Runtime, RuntimeChoice
from lambdaloop.domain.signature import Signature
from lambdaloop.services.replay_golden import replay_golden
from lambdaloop.serving.served_model import LoadedBundle
from lambdaloop.training.compile_model import compile_model


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What will be served, and why it is this."""

    bundle: Bundle
    runtime: ChosenRuntime


def choose_runtime(
    asked: RuntimeChoice,
    *,
    candidate: Candidate | None,
    fitted: bytes,
    pipeline: Pipeline,
    signature: Signature,
    golden: GoldenRows,
) -> Served:
    """The bundle of the chosen runtime.

    fitted: the joblib file of the pipeline, as scikit-learn would serve it. candidate: what it was fitted as; None for one that
    was imported.

    Raises NotCompilableError when only scikit-learn would be exact and the definition does not attach it.
    """

    def served(name: Runtime, model: bytes, reason: str) -> Served:
        bundle = Bundle(signature=signature, runtime=name, model=model, golden_json=golden.to_json())
        try:
            worst = replay_golden(LoadedBundle(bundle), golden)
        except RowsInvalidError as error:
            raise ParityError(f"golden rows that scikit-learn answers are refused: {error}") from error
        return Served(
            bundle=bundle,
            runtime=ChosenRuntime(name=name, reason=reason, worst_difference=worst, bytes=len(model)),
        )

    if candidate is None:
        return served(
            "sklearn", fitted, "imported: only scikit-learn itself answers as what was fitted elsewhere does"
        )
    if asked == "sklearn":
        return served("sklearn", fitted, "the definition asks for scikit-learn itself")
    try:
        compiled = compile_model(pipeline, signature, candidate=candidate)
        return served(
            "compiled",
            compiled,
            f"exact: no golden row is off by more than {TOLERANCE:g}; and faster and smaller than scikit-learn",
        )
    except (NotCompilableError, ParityError) as error:
        if asked == "compiled":
            raise NotCompilableError(
                f"candidate {candidate.name!r} cannot be served without scikit-learn: {error}: set serving.runtime to auto, "
                "which attaches scikit-learn, deploy and train again"
            ) from error
        return served("sklearn", fitted, f"the compiled form is not exact: {error}")
