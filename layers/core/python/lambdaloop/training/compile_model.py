"""Writes a fitted pipeline in its compiled form: the same operations in the same order, all in double.

Whether the result is exact is not decided here: packaging holds its answers against scikit-learn's.
"""

from sklearn.pipeline import Pipeline

from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.compiled import Part, pack_part
from lambdaloop.domain.signature import Signature
from lambdaloop.training.compile_columns import compile_columns
from lambdaloop.training.compile_estimators import compile_estimator


def compile_model(pipeline: Pipeline, signature: Signature, *, candidate: Candidate) -> bytes:
    """The bytes that `serving.compiled` answers from; NotCompilableError says what has no compiled form."""
    part = Part(
        kind="pipeline",
        values={"features": len(signature.features), "scores": max(1, len(signature.classes))},
        parts=(
            compile_columns(pipeline, signature.features, candidate),
            compile_estimator(pipeline.named_steps["estimator"]),
        ),
    )
    return pack_part(part)
