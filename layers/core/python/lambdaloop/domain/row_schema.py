"""A row as JSON Schema: every row that the schema allows is answered, unless its numbers are too great for a finite answer."""

import json
from collections.abc import Mapping
from typing import Any

from lambdaloop.domain.definition import Feature
from lambdaloop.domain.documents import Document
from lambdaloop.domain.encoding import MAX_TEXT
from lambdaloop.domain.signature import Signature

MAX_ENTITY = 256
"""Characters of what identifies somebody."""
_SHOWN = 20


def row_schema(
    signature: Signature, *, version: int | None = None, stored: Mapping[str, Any] | None = None
) -> Document:
    """JSON Schema (2020-12) of one row; ordinary ranges and categories whose others are answered, too, are only told.

    `stored`: features that are looked up where the row does not give them, with their defaults.
    """
    properties: dict[str, Any] = {name: _schema(feature) for name, feature in signature.features.items()}
    looked_up = {name: value for name, value in (stored or {}).items() if name in properties}
    for name, default in looked_up.items():
        told = f"Looked up by {signature.entity} where it is left out; {json.dumps(default)} where nothing is stored."
        properties[name] = _with(properties[name], told)
    if signature.entity:
        properties[signature.entity] = {
            "type": ["string", "integer", "null"],
            "maxLength": MAX_ENTITY,
            "description": "Who the row is about; no feature.",
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A row of {signature.model}",
        **({} if version is None else {"description": f"As version {version} takes it."}),
        "type": "object",
        "properties": properties,
        "required": [
            name
            for name, feature in signature.features.items()
            if not feature.nullable and name not in looked_up
        ],
        "additionalProperties": False,
    }


def _schema(feature: Feature) -> Document:
    if feature.type == "category":
        return _category(feature)
    if feature.type == "boolean":
        return {"enum": [True, False, 1, 0, *([None] if feature.nullable else [])]}
    if feature.type == "text":
        return {"type": ["string", "null"] if feature.nullable else "string"}
    kind: Document = {"type": [feature.type, "null"] if feature.nullable else feature.type}
    bounds = {
        name: bound
        for name, bound in (("minimum", feature.min), ("maximum", feature.max))
        if bound is not None
    }
    if feature.unexpected == "reject":
        return {**kind, **bounds}
    return {**kind, **_told(", ".join(f"{name} {bound:g}" for name, bound in bounds.items()))}


def _category(feature: Feature) -> Document:
    if feature.unexpected == "reject":
        known: list[str | None] = [*feature.categories]
        return {"enum": [*known, None] if feature.nullable else known}
    more = len(feature.categories) - _SHOWN
    known_words = ", ".join(feature.categories[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return {
        # Blank text is a missing value.
        **({"type": ["string", "null"]} if feature.nullable else {"type": "string", "pattern": r"\S"}),
        "maxLength": MAX_TEXT,
        "examples": list(feature.categories[:_SHOWN]),
        **_told(known_words),
    }


def _with(schema: Document, told: str) -> Document:
    known = f"{schema['description']} " if "description" in schema else ""
    return {**schema, "description": known + told}


def _told(ordinary: str) -> Document:
    if not ordinary:
        return {}
    return {"description": f"Ordinarily {ordinary}; anything else is answered, too, and counted as drift."}
