"""How many rows one request may have, so that its answer fits into what Lambda can return."""

import json
from collections.abc import Sequence

from functions.inference.messages import MAX_ROWS, PredictionBody
from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.signature import Signature

_MAX_ANSWER_BYTES = 5_500_000
"""Below Lambda's 6 MB, in which the body is text within JSON."""


def max_rows(signature: Signature, *, variants: Sequence[str] = (CHAMPION,)) -> int:
    """5,000, or fewer for a model with many or long class names; `variants` may stand in the answer."""
    number = -1.2345678901234567e-100
    longest: PredictionBody = {
        "prediction_id": "0" * 32,
        "value": max((str(label) for label in signature.classes), key=len, default=str(number)),
        "probabilities": {str(label): number for label in signature.classes},
        "variant": max(variants, key=len),
        "model_version": 10**8,
    }
    return max(1, min(MAX_ROWS, _MAX_ANSWER_BYTES // len(json.dumps(json.dumps(longest)))))
