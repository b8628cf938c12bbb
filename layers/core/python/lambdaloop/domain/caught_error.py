"""Reads what Step Functions hands to a Catch: {"Error": name, "Cause": text}."""

import json

from lambdaloop.domain.documents import Document


def describe(caught: Document) -> Document:
    """Name and message of the error; of a Lambda error without its traceback."""
    cause = caught.get("Cause", "")
    try:
        message = json.loads(cause)["errorMessage"]
    except (ValueError, KeyError, TypeError):  # States.Timeout and its kind explain themselves in plain words
        message = cause
    return {"error": caught["Error"], "message": message}
