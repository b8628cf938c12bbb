"""Holds a training run to the definition it began with: a deployment in between would change what its numbers mean."""

import hashlib
import json

from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import DefinitionInvalidError


def definition_digest(definition: ModelDefinition) -> str:
    """sha256 of the definition's JSON without blanks. Order counts: it is that of the columns and of the classes."""
    read = from_document(ModelDefinition, to_document(definition))  # as functions get it: a limit of 0 is 0.0
    document = json.dumps(to_document(read), separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(document.encode()).hexdigest()


def check_definition(definition: ModelDefinition, digest: str) -> None:
    """DefinitionInvalidError when the deployed definition is not the one that the run's dataset was resolved with."""
    if definition_digest(definition) != digest:
        raise DefinitionInvalidError(
            f"the definition of {definition.name!r} was deployed anew during the run: start a new run"
        )
