"""Fitted pipelines as joblib bytes, the same for the same fit.

They are code when loaded: on the training side only, and only after their sha256 was checked against the registry.
"""

import io

import joblib
from sklearn.pipeline import Pipeline

_PROTOCOL = 5


def dump_estimator(pipeline: Pipeline) -> bytes:
    """Uncompressed joblib with a fixed protocol.

    Dump what was fitted, never what was loaded: loading leaves the padding between the fields of a forest's nodes
    uninitialised, so the bytes differ although the trees are equal.
    """
    stream = io.BytesIO()
    joblib.dump(pipeline, stream, compress=0, protocol=_PROTOCOL)
    return stream.getvalue()


def load_estimator(content: bytes) -> Pipeline:
    """The pipeline in checked bytes."""
    return joblib.load(io.BytesIO(content))
