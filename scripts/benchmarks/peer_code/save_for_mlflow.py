"""Saves the pipeline as an MLflow model: `python save_for_mlflow.py PIPELINE ROW FOLDER`, the row as JSON in a file."""

import json
import sys
from pathlib import Path

import joblib
import mlflow.sklearn  # type: ignore[import-not-found]
import pandas as pd
from mlflow.models import infer_signature  # type: ignore[import-not-found]

pipeline, row, folder = sys.argv[1:]
frame = pd.DataFrame([json.loads(Path(row).read_text())])
model = joblib.load(pipeline)
mlflow.sklearn.save_model(
    model,
    folder,
    signature=infer_signature(frame, model.predict_proba(frame)),
    pyfunc_predict_fn="predict_proba",
    skops_trusted_types=["numpy.dtype", "sklearn.tree._tree.Tree"],  # our own file
)
