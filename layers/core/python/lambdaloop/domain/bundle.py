"""The served bundle: signature, model and golden rows in one stored zip file whose bytes depend on nothing else."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from lambdaloop.domain.documents import from_document, to_document
from lambdaloop.domain.errors import ArtifactCorruptError
from lambdaloop.domain.golden import GoldenRows
from lambdaloop.domain.runtime import Runtime
from lambdaloop.domain.signature import Signature

_SIGNATURE = "signature.json"
_MODELS: Mapping[Runtime, str] = {"compiled": "model.compiled", "sklearn": "model.joblib"}
_GOLDEN = "golden.json"
_DATE = (1980, 1, 1, 0, 0, 0)  # the first one that zip knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What an inference function loads. Nothing in it is code, unless the definition asked for scikit-learn."""

    signature: Signature
    runtime: Runtime = "compiled"
    """What computes the model."""
    model: bytes
    """compiled: what `domain.compiled` packs; sklearn: the joblib file of the pipeline."""
    golden_json: bytes
    """Kept as bytes: a cold start does not need it."""

    def golden(self) -> GoldenRows:
        """The rows that the served runtime must answer as scikit-learn did; ArtifactCorruptError when unreadable."""
        try:
            return GoldenRows.from_json(self.golden_json)
        except ValueError as error:
            raise ArtifactCorruptError(f"{_GOLDEN} in the bundle cannot be read: {error}") from error


def pack_bundle(bundle: Bundle) -> bytes:
    """The bytes of the bundle; the same bundle gives the same bytes."""
    signature = json.dumps(to_document(bundle.signature), sort_keys=False, separators=(",", ":")).encode()
    files = {_SIGNATURE: signature, _MODELS[bundle.runtime]: bundle.model, _GOLDEN: bundle.golden_json}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3  # Unix, whatever packs it
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return stream.getvalue()


def golden_of(content: bytes) -> bytes:
    """The golden rows of a bundle that was unpacked before, as JSON."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(_GOLDEN)


def unpack_bundle(content: bytes) -> Bundle:
    """Read a bundle whose sha256 was checked; ArtifactCorruptError when it is not one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            signature = from_document(Signature, json.loads(archive.read(_SIGNATURE)))
            runtime = _runtime(archive.namelist())
            return Bundle(
                signature=signature,
                runtime=runtime,
                model=archive.read(_MODELS[runtime]),
                golden_json=archive.read(_GOLDEN),
            )
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ArtifactCorruptError(
            f"the bundle of {len(content)} bytes cannot be read: {error}: package the version again"
        ) from error


def _runtime(names: list[str]) -> Runtime:
    for runtime, name in _MODELS.items():
        if name in names:
            return runtime
    raise ValueError(f"it holds {', '.join(names)}, but none of {', '.join(_MODELS.values())}")
