"""Makes a version's files of the fitted winner. The same data, code and seed give the same bytes, thus the same digest."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.bundle import pack_bundle
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.definition_digest import check_definition
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.mlflow_model import IMPORTED
from lambdaloop.domain.runtime import ChosenRuntime
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.version import BASELINE, BUNDLE, ENVIRONMENT, ESTIMATOR, LOSS, REPORT
from lambdaloop.monitoring.expected_loss import fit_expected_loss, write_expected_loss
from lambdaloop.ports import ArtifactStore, DatasetStore
from lambdaloop.services.choose_runtime import choose_runtime
from lambdaloop.services.load_table import load_table
from lambdaloop.training.baseline import build_baseline, frame_columns
from lambdaloop.training.environment import environment_lock
from lambdaloop.training.estimator_files import load_estimator
from lambdaloop.training.golden_rows import golden_rows
from lambdaloop.training.preparation import PreparedData, prepare
from lambdaloop.training.scoring import Scores, predict_scores

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Where a version's files are."""

    manifest: Artifact
    """Its sha256 is the digest of the version."""
    files: Mapping[str, Artifact]
    """By name; the report among them, although the manifest does not list it."""
    runtime: ChosenRuntime


def package_model(
    definition: ModelDefinition,
    *,
    winner: str,
    definition_digest: str,
    estimator: Artifact,
    evaluated: Artifact,
    report: Artifact,
    manifest: Artifact,
    dataset_digest: str,
    artifacts: ArtifactStore,
    datasets: DatasetStore,
) -> Package:
    """Write the served bundle, baseline and environment, and the manifest that lists them with the estimator.

    evaluated: the estimator that the metrics are of, which never saw the holdout. The report is no part of the manifest: it
    tells of seconds and of the champion of the day, which change nothing about the version.
    """
    check_definition(definition, definition_digest)
    candidate = None if winner == IMPORTED else definition.candidate(winner)
    data = prepare(
        load_table(manifest, definition=definition, artifacts=artifacts, datasets=datasets), definition
    )
    fitted = artifacts.get(estimator)
    pipeline = load_estimator(fitted)
    signature = Signature.of(definition)
    unbiased = pipeline if evaluated == estimator else load_estimator(artifacts.get(evaluated))
    scores = predict_scores(unbiased, data.holdout_frame, task=definition.task)
    served = choose_runtime(
        definition.serving.runtime,
        candidate=candidate,
        fitted=fitted,
        pipeline=pipeline,
        signature=signature,
        golden=golden_rows(pipeline, signature, data.holdout_frame),
    )
    contents = {
        BUNDLE: pack_bundle(served.bundle),
        **_baseline(definition, signature, data, scores),
        ENVIRONMENT: environment_lock().encode(),
    }
    files = {name: artifacts.put(definition.name, name, content) for name, content in contents.items()}
    files[ESTIMATOR] = estimator
    listing = _manifest(definition, dataset_digest, files, served.runtime)
    return Package(
        manifest=artifacts.put(definition.name, MANIFEST, listing),
        files={**files, REPORT: report},
        runtime=served.runtime,
    )


def _baseline(
    definition: ModelDefinition, signature: Signature, data: PreparedData, scores: Scores
) -> dict[str, bytes]:
    """What the watch will hold live traffic against. scores: of the holdout, by an estimator that never saw it."""
    captured = definition.serving.capture
    baseline = build_baseline(
        signature,
        captured=captured,
        frame=data.baseline_frame,
        holdout_frame=data.holdout_frame,
        holdout_target=data.holdout_target,
        scores=scores,
    )
    if definition.task != "regression":
        return {BASELINE: baseline.to_json()}
    loss = fit_expected_loss(
        {name: values for name, values in frame_columns(data.holdout_frame).items() if name in captured},
        scores[:, 0],
        data.holdout_target,
        features=definition.features,
        seed=definition.training.seed,
    )
    return {BASELINE: baseline.to_json(), LOSS: write_expected_loss(loss)}


def _manifest(
    definition: ModelDefinition, dataset_digest: str, files: Mapping[str, Artifact], runtime: ChosenRuntime
) -> bytes:
    document = {
        "schema": 1,
        "model": definition.name,
        "task": definition.task,
        "dataset": dataset_digest,
        "runtime": to_document(runtime),
        "files": {name: {"sha256": file.sha256, "size": file.size} for name, file in files.items()},
    }
    return json.dumps(document, sort_keys=True, indent=1).encode()
