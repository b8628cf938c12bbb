"""The baseline: what one writes first. The fitted pipeline from S3 with joblib, pandas in front of it, FastAPI and Mangum around it.

It does less than Lambdaloop's function: no checks of rows or of the artifact, no prediction log, no metrics.
"""

import io
import os
from typing import Any

import boto3
import joblib
import pandas as pd
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

_CLASSES = ("no", "yes")


class Rows(BaseModel):
    """The same body as Lambdaloop's."""

    rows: list[dict[str, Any]]


_object = boto3.client("s3").get_object(Bucket=os.environ["BUCKET"], Key=os.environ["KEY"])
_pipeline = joblib.load(io.BytesIO(_object["Body"].read()))
app = FastAPI()


@app.post("/models/{model}/predict")
async def predict(model: str, body: Rows) -> dict[str, Any]:  # noqa: ARG001  (part of the path)
    """Predict rows."""
    probabilities = _pipeline.predict_proba(pd.DataFrame(body.rows)).tolist()
    return {
        "predictions": [
            {
                "value": _CLASSES[row.index(max(row))],
                "probabilities": dict(zip(_CLASSES, row, strict=True)),
            }
            for row in probabilities
        ]
    }


handler = Mangum(app, lifespan="off")
