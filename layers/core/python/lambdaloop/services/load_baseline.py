"""Reads what a version is held against. Whatever is wrong with it, the watch gets one error that it knows how to tell."""

from collections.abc import Callable
from typing import TypeVar

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.baseline import Baseline
from lambdaloop.domain.errors import ArtifactCorruptError, ArtifactMissingError, BaselineUnusableError
from lambdaloop.domain.version import BASELINE, LOSS, Version
from lambdaloop.monitoring.expected_loss import ExpectedLoss, read_expected_loss
from lambdaloop.ports import ArtifactStore

T = TypeVar("T")


def load_baseline(version: Version, *, artifacts: ArtifactStore) -> Baseline:
    """BaselineUnusableError when it is missing, damaged or of another schema."""
    return _read(version, BASELINE, artifacts, Baseline.from_json)


def load_expected_loss(version: Version, *, artifacts: ArtifactStore) -> ExpectedLoss | None:
    """None for classification, whose expectation needs no model; BaselineUnusableError as for the baseline."""
    if version.task != "regression":
        return None
    return _read(version, LOSS, artifacts, read_expected_loss)


def _read(version: Version, name: str, artifacts: ArtifactStore, parse: Callable[[bytes], T]) -> T:
    file = version.files.get(name)
    if file is None:
        raise BaselineUnusableError(
            f"version {version.number} of {version.model!r} has no {name}: train a new version"
        )
    try:
        return parse(_content(file, artifacts))
    except BaselineUnusableError as error:
        raise BaselineUnusableError(
            f"{name} of version {version.number} of {version.model!r} cannot be used: {error}"
        ) from error


def _content(file: Artifact, artifacts: ArtifactStore) -> bytes:
    try:
        return artifacts.get(file)
    except (ArtifactMissingError, ArtifactCorruptError) as error:
        raise BaselineUnusableError(f"{error}: train a new version") from error
