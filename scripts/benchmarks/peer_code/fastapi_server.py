"""Plain FastAPI and joblib, as in FastAPI's first steps: `uvicorn fastapi_server:app`. The pipeline is PIPELINE's."""

import os
from typing import Any

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
_pipeline = joblib.load(os.environ["PIPELINE"])


class Rows(BaseModel):
    """The body."""

    rows: list[dict[str, Any]]


@app.post("/predict")
def predict(body: Rows) -> list[list[float]]:
    """Probabilities of the classes for each row."""
    probabilities: list[list[float]] = _pipeline.predict_proba(pd.DataFrame(body.rows)).tolist()
    return probabilities
