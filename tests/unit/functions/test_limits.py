import json
import random

import pytest

from functions.inference.limits import max_rows
from functions.inference.tensors import output_columns, outputs_of
from lambdaloop.domain.prediction import Output, Prediction
from lambdaloop.domain.signature import Signature
from tests.fakes.tiny_model import FEATURES

LAMBDA_BYTES = 6 * 1024 * 1024


def _signature(classes: int, length: int) -> Signature:
    labels = tuple(f"{number:x}".rjust(length, '"') for number in range(classes))  # quotation marks cost most
    return Signature(model="churn", task="multiclass", features=FEATURES, classes=labels)


@pytest.mark.parametrize(("classes", "length"), [(2, 3), (10, 20), (100, 60), (1000, 40)])
def test_the_longest_answer_fits_into_what_lambda_returns(classes: int, length: int) -> None:
    signature = _signature(classes, length)
    seeded = random.Random(1)
    prediction = Prediction(
        prediction_id="f" * 32,
        output=Output(
            value=signature.classes[-1],
            probabilities={str(label): seeded.random() * 1e-100 for label in signature.classes},
        ),
        variant="champion",
        model_version=12_345_678,
    )
    count = max_rows(signature)
    rows = {
        "predictions": [
            {
                "prediction_id": prediction.prediction_id,
                "value": prediction.output.value,
                "probabilities": prediction.output.probabilities,
                "variant": prediction.variant,
                "model_version": prediction.model_version,
            }
        ]
        * count
    }
    names = [column["name"] for column in output_columns(signature)]
    tensors = {"outputs": outputs_of([prediction] * count, signature, wanted=names)}
    for answer in (rows, tensors):
        assert len(json.dumps({"statusCode": 200, "body": json.dumps(answer)})) < LAMBDA_BYTES


def test_an_ordinary_model_takes_five_thousand_rows_and_every_model_takes_one() -> None:
    assert max_rows(_signature(3, 10)) == 5000
    assert max_rows(_signature(1000, 10_000)) == 1
