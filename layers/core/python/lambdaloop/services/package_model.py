"""Makes a version's files of the fitted winner. The same data, code and seed give the same bytes, thus the same digest."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.bundle import Bundle, pack_bundle
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_digest import check_definition
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.version import BASELINE, BUNDLE, ENVIRONMENT, ESTIMATOR, REPORT
from lambdaloop.ports import ArtifactStore, DatasetStore
from lambdaloop.services.load_table import load_table
from lambdaloop.training.baseline import profile_baseline
from lambdaloop.training.environment import environment_lock
from lambdaloop.training.estimator_files import load_estimator
from lambdaloop.training.golden_rows import golden_rows
from lambdaloop.training.onnx_graph import write_onnx
from lambdaloop.training.preparation import prepare
from lambdaloop.training.scoring import predict_scores

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Where a version's files are."""

    manifest: Artifact
    """Its sha256 is the digest of the version."""
    files: Mapping[str, Artifact]
    """By name; the report among them, although the manifest does not list it."""


def package_model(
    definition: ModelDefinition,
    *,
    winner: str,
    definition_digest: str,
    estimator: Artifact,
    report: Artifact,
    manifest: Artifact,
    dataset_digest: str,
    artifacts: ArtifactStore,
    datasets: DatasetStore,
) -> Package:
    """Write graph, golden rows, baseline and environment, and the manifest that lists them with the estimator.

    The report is no part of the manifest: it tells of seconds and of the champion of the day, which change nothing
    about the version.
    """
    check_definition(definition, definition_digest)
    candidate = definition.candidate(winner)
    data = prepare(load_table(manifest, artifacts=artifacts, datasets=datasets), definition)
    pipeline = load_estimator(artifacts.get(estimator))
    signature = Signature.of(definition)
    scores = predict_scores(pipeline, data.holdout_frame, task=definition.task)
    bundle = Bundle(
        signature=signature,
        model=write_onnx(pipeline, signature, estimator=candidate.estimator),
        golden_json=golden_rows(pipeline, signature, data.holdout_frame).to_json(),
    )
    contents = {
        BUNDLE: pack_bundle(bundle),
        BASELINE: profile_baseline(signature, data.training_frame, scores).to_json(),
        ENVIRONMENT: environment_lock().encode(),
    }
    files = {name: artifacts.put(definition.name, name, content) for name, content in contents.items()}
    files[ESTIMATOR] = estimator
    listing = _manifest(definition, dataset_digest, files)
    return Package(
        manifest=artifacts.put(definition.name, MANIFEST, listing), files={**files, REPORT: report}
    )


def _manifest(definition: ModelDefinition, dataset_digest: str, files: Mapping[str, Artifact]) -> bytes:
    document = {
        "schema": 1,
        "model": definition.name,
        "task": definition.task,
        "dataset": dataset_digest,
        "files": {name: {"sha256": file.sha256, "size": file.size} for name, file in files.items()},
    }
    return json.dumps(document, sort_keys=True, indent=1).encode()
