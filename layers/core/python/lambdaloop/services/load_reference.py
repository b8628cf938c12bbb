"""Gathers what a version's predictions are read and measured with, once per version and run of the watch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_digest import definition_digest
from lambdaloop.domain.errors import (
    ArtifactCorruptError,
    ArtifactMissingError,
    BaselineUnusableError,
    VersionNotFoundError,
)
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.version import BUNDLE, Version
from lambdaloop.monitoring.expected_loss import ExpectedLoss
from lambdaloop.ports import ArtifactStore, VersionRegistry
from lambdaloop.services.load_baseline import load_baseline, load_expected_loss

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What is known about the version that made a prediction."""

    version: Version
    signature: Signature
    baseline: Baseline | None
    loss: ExpectedLoss | None
    """The model of its errors, for regression."""
    problem: str | None = None
    """Why there is no baseline, or no model of errors for regression."""

    @property
    def can_expect(self) -> bool:
        """Whether performance can be estimated without labels."""
        if self.baseline is None:
            return False
        return self.loss is not None if self.version.task == "regression" else bool(self.baseline.calibration)


class References:
    """The references of one model, each loaded when it is first asked for."""

    def __init__(
        self, definition: ModelDefinition, *, versions: VersionRegistry, artifacts: ArtifactStore
    ) -> None:
        self._definition = definition
        self._digest = definition_digest(definition)
        self._versions = versions
        self._artifacts = artifacts
        self._loaded: dict[int, Reference | None] = {}

    def of(self, number: int) -> Reference | None:
        """None for a version that the registry does not know."""
        if number not in self._loaded:
            self._loaded[number] = self._load(number)
        return self._loaded[number]

    def _load(self, number: int) -> Reference | None:
        try:
            version = self._versions.version(self._definition.name, number)
        except VersionNotFoundError:
            return None
        problems: list[str] = []
        baseline = _tried(lambda: load_baseline(version, artifacts=self._artifacts), problems)
        loss = _tried(lambda: load_expected_loss(version, artifacts=self._artifacts), problems)
        return Reference(
            version=version,
            signature=self._signature(version),
            baseline=baseline,
            loss=loss,
            problem=problems[0] if problems else None,
        )

    def _signature(self, version: Version) -> Signature:
        """Its own: the deployed definition may have other features by now."""
        if version.definition_digest == self._digest:
            return Signature.of(self._definition)
        try:
            return unpack_bundle(self._artifacts.get(version.files[BUNDLE])).signature
        except (ArtifactMissingError, ArtifactCorruptError, KeyError):
            return Signature.of(self._definition)


def _tried(load: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return load()
    except BaselineUnusableError as error:
        problems.append(str(error))
        return None
