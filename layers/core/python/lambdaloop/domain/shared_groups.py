"""What all models together say about a group of stored features: whoever puts must serve every one that reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lambdaloop.domain.definition import Feature, ModelDefinition
from lambdaloop.domain.errors import DefinitionInvalidError


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedGroup:
    """One group as everybody who names it needs it."""

    name: str
    entity: str
    """The column that identifies who a row is about."""
    features: Mapping[str, Feature]
    """Those of any model; each as the first model that names it has it, missing values allowed where any model allows them."""
    ttl_seconds: int | None = None
    """The longest of any model; None: kept for ever."""


def shared_groups(definitions: Iterable[ModelDefinition]) -> dict[str, SharedGroup]:
    """By name; DefinitionInvalidError where models mean different things by a group."""
    groups: dict[str, SharedGroup] = {}
    for definition in definitions:
        if definition.online is None:
            continue
        for name, rules in definition.online.groups.items():
            own = SharedGroup(
                name=name,
                entity=str(definition.entity),
                features={feature: definition.features[feature] for feature in rules.features},
                ttl_seconds=None if rules.max_age is None else int(rules.max_age.total_seconds()),
            )
            known = groups.get(name)
            groups[name] = own if known is None else _merged(known, own, model=definition.name)
    return groups


def _merged(known: SharedGroup, own: SharedGroup, *, model: str) -> SharedGroup:
    if known.entity != own.entity:
        raise DefinitionInvalidError(
            f"online.groups.{own.name} of model {model!r}: its entity is {own.entity!r}, that of other models "
            f"{known.entity!r}: give the group another name, or the column the same"
        )
    features = dict(known.features)
    for name, feature in own.features.items():
        other = features.get(name, feature)
        if other.type != feature.type:
            raise DefinitionInvalidError(
                f"online.groups.{own.name} of model {model!r}: {name} has type {feature.type}, for other models "
                f"{other.type}: give the feature another name, or the same type"
            )
        features[name] = feature if feature.nullable else other
    ages = (known.ttl_seconds, own.ttl_seconds)
    ttl = None if None in ages else max(age for age in ages if age is not None)
    return SharedGroup(name=own.name, entity=own.entity, features=features, ttl_seconds=ttl)
