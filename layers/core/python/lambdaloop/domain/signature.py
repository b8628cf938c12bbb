"""What a version takes in and gives out: the contract between training, serving and callers."""

from collections.abc import Mapping
from dataclasses import dataclass

from lambdaloop.domain.definition import Feature, Label, ModelDefinition
from lambdaloop.domain.errors import ArmsDifferError
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


def check_same_interface(signatures: Mapping[str, Signature]) -> None:
    """ArmsDifferError unless all of them, by the name of their arm, take the same rows and predict the same thing.

    Were a row refused by one arm and answered by another, the arms would be compared on different people. Ranges and
    categories may differ where values outside them are answered.
    """
    (control, wanted), *others = signatures.items()
    for arm, signature in others:
        for what in ("task", "classes", "entity"):
            mine, theirs = getattr(wanted, what), getattr(signature, what)
            if mine != theirs:
                raise ArmsDifferError(
                    f"arms {control!r} and {arm!r} differ in their {what}, {mine!r} and {theirs!r}: "
                    "compare versions of one prediction problem"
                )
        differing = [
            name
            for name in sorted({*wanted.features, *signature.features})
            if _taken(wanted.features.get(name)) != _taken(signature.features.get(name))
        ]
        if differing:
            raise ArmsDifferError(
                f"arms {control!r} and {arm!r} do not take the same values of {', '.join(map(repr, differing[:10]))}: "
                "compare versions that were trained with the same features"
            )


def _taken(feature: Feature | None) -> object:
    """What decides whether a value is answered or refused."""
    if feature is None:
        return None
    bounds = (feature.min, feature.max, frozenset(feature.categories))
    return (feature.type, feature.nullable, bounds if feature.unexpected == "reject" else None)
