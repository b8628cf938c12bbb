"""Brings what the pin names into memory: once, checked before it is parsed, and asked for again while that fails.

An experiment is loaded as a whole or not at all: half of one would compare nothing.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.bundle import golden_of
from lambdaloop.domain.documents import from_document
from lambdaloop.domain.errors import ArtifactCorruptError, ModelNotReleasedError
from lambdaloop.domain.release import ReleasePin
from lambdaloop.domain.signature import check_same_interface

if TYPE_CHECKING:
    from lambdaloop.ports import ArtifactReader, Clock, ServedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A version in memory and the release it belongs to."""

    pin: ReleasePin
    model: "ServedModel"
    golden_json: bytes = b""
    """Its golden rows as they came: only explanations need them."""
    variant: str = CHAMPION
    arms: tuple["LoadedModel", ...] = ()
    """In an experiment its arms as the pin names them, each for itself; the first one is this very version."""

    def alone(self) -> "LoadedModel":
        """Its own version, without the experiment."""
        return replace(self, pin=replace(self.pin, experiment=None), arms=()) if self.arms else self


class ModelSlot:
    """The model of this process. Once loaded it stays, whatever becomes of the bucket."""

    def __init__(self, *, model: str, pin: str | None, artifacts: "ArtifactReader", clock: "Clock") -> None:
        self._model = model
        self._pin = pin
        self._artifacts = artifacts
        self._clock = clock
        self._loaded: LoadedModel | None = None
        self._loaded_at: datetime | None = None

    @property
    def loaded_at(self) -> datetime | None:
        """When all that this process knows was fetched; None before."""
        return self._loaded_at

    @property
    def release(self) -> int | None:
        """The release of this process, loaded or not, so that its failures count as its own; None without a pin."""
        try:
            return (self._loaded.pin if self._loaded else read_pin(self._pin, model=self._model)).release
        except ModelNotReleasedError:
            return None

    def get(self) -> LoadedModel:
        """The loaded model; while there is none, every call tries to load it.

        Raises ModelNotReleasedError, ArtifactMissingError, ArtifactCorruptError, ArmsDifferError or
        BackendUnavailableError.
        """
        if self._loaded is None:
            pin = read_pin(self._pin, model=self._model)
            self._loaded = load_model(pin, artifacts=self._artifacts)
            self._loaded_at = self._clock.now()
        return self._loaded


def read_pin(text: str | None, *, model: str) -> ReleasePin:
    """The pin in the function's environment; ModelNotReleasedError when there is none of this model."""
    if text is None:
        raise ModelNotReleasedError(f"model {model!r} is not released yet: train it and release a version")
    try:
        pin = from_document(ReleasePin, json.loads(text))
    except ValueError as error:
        raise ModelNotReleasedError(f"the release pin cannot be read: {error}: release anew") from error
    if pin.model != model:
        raise ModelNotReleasedError(f"the release pin names model {pin.model!r}, not {model!r}: release anew")
    return pin


def load_model(pin: ReleasePin, *, artifacts: "ArtifactReader") -> LoadedModel:
    """Fetch, check and load every bundle of the pin, each once; ArmsDifferError when arms do not take the same rows."""
    experiment = pin.experiment
    if experiment is None:
        model, golden_json = _load_bundle(pin.bundle, pin, artifacts)
        return LoadedModel(pin=pin, model=model, golden_json=golden_json)
    bundles = {arm.bundle.sha256: arm.bundle for arm in experiment.arms}
    models = {sha256: _load_bundle(bundle, pin, artifacts) for sha256, bundle in bundles.items()}
    arms = tuple(
        LoadedModel(
            pin=replace(pin, version=arm.version, bundle=arm.bundle, experiment=None),
            model=models[arm.bundle.sha256][0],
            golden_json=models[arm.bundle.sha256][1],
            variant=arm.name,
        )
        for arm in experiment.arms
    )
    check_same_interface({arm.variant: arm.model.signature for arm in arms})
    return LoadedModel(pin=pin, model=arms[0].model, golden_json=arms[0].golden_json, arms=arms)


def _load_bundle(
    bundle: Artifact, pin: ReleasePin, artifacts: "ArtifactReader"
) -> tuple["ServedModel", bytes]:
    content = artifacts.get(bundle)
    # Imported here: answering 503 without a release needs no runtime.
    from lambdaloop.serving.served_model import LoadedBundle

    model = LoadedBundle.from_bytes(content)
    if model.signature.model != pin.model:
        raise ArtifactCorruptError(
            f"the bundle {bundle.key} is one of model {model.signature.model!r}, not {pin.model!r}"
        )
    return model, golden_of(content)
