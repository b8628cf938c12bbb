"""The baseline of a version: what its training data and its holdout looked like. Monitoring holds live traffic against it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import BaselineUnusableError
from lambdaloop.domain.outcomes import Outcomes
from lambdaloop.domain.profile import Profile

SCHEMA = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A monotone, piecewise linear function: from a score to the probability that it stands for."""

    x: tuple[float, ...]
    """Ascending."""
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconstruction:
    """A principal component analysis of the training rows, to see several features drift together.

    A row is encoded to `columns`, scaled, projected and restored; its error is the root mean square of what was lost.
    """

    columns: tuple[str, ...]
    """A feature, or feature=value for a category."""
    means: tuple[float, ...]
    scales: tuple[float, ...]
    components: tuple[tuple[float, ...], ...]
    """[components, columns]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What `baseline.json` of a version holds."""

    schema: int = SCHEMA
    profile: Profile
    """Features of the training rows; predictions, scores and reconstruction errors of the holdout."""
    outcomes: Outcomes
    """On the holdout."""
    calibration: Mapping[str, Curve] = field(default_factory=dict)
    """By str(label), for classification: from a score to a probability, fitted on the holdout."""
    reconstruction: Reconstruction | None = None

    def to_json(self) -> bytes:
        """As it is stored."""
        return json.dumps(to_document(self), separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Baseline":
        """The inverse of `to_json`; BaselineUnusableError when the content has another schema or is something else."""
        try:
            document = json.loads(content)
            if document["schema"] != SCHEMA:
                raise BaselineUnusableError(
                    f"the baseline has schema {document['schema']!r}, this code reads {SCHEMA}: train a new version"
                )
            return from_document(cls, document)
        except (ValueError, KeyError, TypeError) as error:
            raise BaselineUnusableError(f"this is no baseline: {error}: train a new version") from error
