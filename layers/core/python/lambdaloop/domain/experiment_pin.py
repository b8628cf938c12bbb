"""What a published Lambda version must know of the experiment that it serves; everything else is the registry's."""

import re
from dataclasses import dataclass

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.assignment import (
    BUCKETS,
    Algorithm,
    AssignmentKind,
    arm_of,
    bucket_of,
    check_text,
    namespace_bucket_of,
)

_ARM_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPin:
    """One variant and the bundle that answers for it."""

    name: str
    version: int
    bundle: Artifact
    share: int
    """Of 10,000 buckets."""

    def __post_init__(self) -> None:
        if not _ARM_NAME.fullmatch(self.name):
            raise ValueError(
                f"an arm's name must be 1 to 32 lower-case letters, digits, - or _, got {self.name[:100]!r}"
            )
        if not 0 <= self.share <= BUCKETS:
            raise ValueError(f"the share of arm {self.name!r} must be 0 to {BUCKETS}, got {self.share}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who answers a row, and why."""

    arm: int
    """Place among the arms."""
    kind: AssignmentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentPin:
    """Arms and all that decides who gets which."""

    id: str
    algorithm: Algorithm = "v1"
    salt: str
    """With the entity it decides the arm."""
    namespace: str
    first_bucket: int
    """Of the namespace's 10,000 buckets, where this experiment begins …"""
    buckets: int
    """… and how many are its own. A ramp makes it greater: who was in stays in, with the same arm."""
    arms: tuple[ArmPin, ...]
    """The first one is the control; it answers those who are not in the experiment, too."""

    def __post_init__(self) -> None:
        for name in ("id", "salt", "namespace"):
            check_text(name, getattr(self, name))
        if self.first_bucket < 0 or self.buckets < 0 or self.first_bucket + self.buckets > BUCKETS:
            raise ValueError(
                f"the buckets of an experiment lie within 0 to {BUCKETS}, "
                f"got {self.buckets} from {self.first_bucket} on"
            )
        if len({arm.name for arm in self.arms}) < max(2, len(self.arms)):
            raise ValueError(
                f"an experiment needs 2 or more arms of different names, got {[arm.name for arm in self.arms]}"
            )
        if sum(arm.share for arm in self.arms) != BUCKETS:
            raise ValueError(
                f"the shares of the arms must add up to {BUCKETS}, got {[arm.share for arm in self.arms]}"
            )

    def assign(self, entity: str | None, *, request: str) -> Assignment:
        """Who answers a row about this entity; without one, all rows of the request are answered alike.

        An empty entity is none: whoever sends it does not know whom the row is about.
        """
        key = entity or request
        place = namespace_bucket_of(key, namespace=self.namespace) - self.first_bucket
        if not 0 <= place < self.buckets:
            return Assignment(arm=0, kind="outside")
        arm = arm_of(bucket_of(key, salt=self.salt), [arm.share for arm in self.arms])
        return Assignment(arm=arm, kind="entity" if entity else "request")
