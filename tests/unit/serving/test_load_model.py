import json

import pytest

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import (
    ArtifactCorruptError,
    ArtifactMissingError,
    BackendUnavailableError,
    ModelNotReleasedError,
)
from lambdaloop.domain.release import ReleasePin
from lambdaloop.services.load_model import ModelSlot
from tests.fakes.artifacts import InMemoryArtifactStore
from tests.fakes.clock import FakeClock
from tests.fakes.tiny_model import ROW, classifier


class CountingReader:
    """An ArtifactReader that can be out of order."""

    def __init__(self, store: InMemoryArtifactStore) -> None:
        self._store = store
        self.reads = 0
        self.failure: Exception | None = None

    def get(self, artifact: Artifact) -> bytes:
        self.reads += 1
        if self.failure:
            raise self.failure
        return self._store.get(artifact)


def _slot(content: bytes, *, model: str = "churn") -> tuple[ModelSlot, CountingReader, InMemoryArtifactStore]:
    store = InMemoryArtifactStore()
    bundle = store.put("churn", "bundle.zip", content)
    pin = ReleasePin(model="churn", release=3, version=7, bundle=bundle)
    reader = CountingReader(store)
    return (
        ModelSlot(model=model, pin=json.dumps(to_document(pin)), artifacts=reader, clock=FakeClock()),
        reader,
        store,
    )


def test_the_model_is_loaded_once_and_kept_when_the_bucket_is_gone() -> None:
    slot, reader, store = _slot(classifier())
    assert slot.loaded_at is None
    first = slot.get()
    assert slot.loaded_at == FakeClock().now()
    store.objects.clear()
    assert slot.get() is first
    assert reader.reads == 1
    assert first.pin.version == 7
    assert first.model.predict([ROW])[0].value == "yes"


def test_a_failed_load_is_tried_again_by_the_next_request() -> None:
    slot, reader, _ = _slot(classifier())
    reader.failure = BackendUnavailableError("S3 is down")
    for _ in range(2):
        with pytest.raises(BackendUnavailableError):
            slot.get()
    reader.failure = None
    assert slot.get().pin.release == 3
    assert reader.reads == 3


def test_one_flipped_byte_is_refused_before_anything_is_parsed() -> None:
    slot, _, store = _slot(classifier())
    for place, content in store.objects.items():
        store.objects[place] = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(ArtifactCorruptError, match="registry"):
        slot.get()


def test_a_missing_artifact_keeps_its_own_name() -> None:
    slot, _, store = _slot(classifier())
    store.objects.clear()
    with pytest.raises(ArtifactMissingError):
        slot.get()


def test_a_bundle_of_another_model_is_refused() -> None:
    slot, _, _ = _slot(classifier(model="fraud"))
    with pytest.raises(ArtifactCorruptError, match="'fraud', not 'churn'"):
        slot.get()


def test_the_release_is_known_before_and_without_loading() -> None:
    slot, reader, _ = _slot(b"not a bundle")
    assert slot.release == 3
    with pytest.raises(ArtifactCorruptError):
        slot.get()
    assert slot.release == 3
    assert reader.reads == 1


@pytest.mark.parametrize(
    ("pin", "words"),
    [
        (None, "not released yet"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ("1", "cannot be read"),
        ('{"model": "churn"}', "cannot be read"),
    ],
)
def test_without_a_usable_pin_no_model_is_released(pin: str | None, words: str) -> None:
    slot = ModelSlot(model="churn", pin=pin, artifacts=InMemoryArtifactStore(), clock=FakeClock())
    assert slot.release is None
    with pytest.raises(ModelNotReleasedError, match=words):
        slot.get()


def test_a_pin_of_another_model_is_none() -> None:
    slot, _, _ = _slot(classifier(), model="fraud")
    with pytest.raises(ModelNotReleasedError, match="names model 'churn', not 'fraud'"):
        slot.get()
