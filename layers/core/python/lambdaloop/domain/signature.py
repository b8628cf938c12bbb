"""What a version takes in and gives out: the contract between training, serving and callers."""

from collections.abc import Mapping
from dataclasses import dataclass

from lambdaloop.domain.definition import Feature, Label, ModelDefinition
from lambdaloop.domain.metrics import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Input columns in matrix order and the output of one version; travels in the served bundle."""

    schema: int = 1
    model: str
    task: Task
    features: Mapping[str, Feature]
    classes: tuple[Label, ...] = ()
    entity: str | None = None

    @classmethod
    def of(cls, definition: ModelDefinition) -> "Signature":
        """The signature that a version trained from this definition has."""
        return cls(
            model=definition.name,
            task=definition.task,
            features=definition.features,
            classes=definition.classes,
            entity=definition.entity,
        )
