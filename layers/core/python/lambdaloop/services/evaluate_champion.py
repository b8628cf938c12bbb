"""Scores the champion on the holdout of the present run, by its own signature; says why when that cannot be done."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import ArtifactCorruptError, ArtifactMissingError
from lambdaloop.domain.gate import ChampionScore
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.version import BUNDLE, ESTIMATOR, Version
from lambdaloop.ports import ArtifactStore, VersionRegistry
from lambdaloop.training.estimator_files import load_estimator
from lambdaloop.training.frames import Findings, missing_columns, typed_frame
from lambdaloop.training.preparation import PreparedData
from lambdaloop.training.scoring import Scores, compute_metrics, predict_scores
from lambdaloop.training.tables import RawTable


def evaluate_champion(
    definition: ModelDefinition,
    *,
    table: RawTable,
    data: PreparedData,
    artifacts: ArtifactStore,
    versions: VersionRegistry,
) -> ChampionScore | None:
    """The champion's training metric, or its problem; None when the model has no champion."""
    alias = versions.alias(definition.name, CHAMPION)
    if alias is None:
        return None
    version = versions.version(definition.name, alias.version)
    try:
        scores = _scores(definition, version, table, data, artifacts)
    except (ArtifactMissingError, ArtifactCorruptError, _NotComparableError) as error:
        return ChampionScore(version=version.number, value=None, problem=str(error))
    metrics = compute_metrics(data.holdout_target, scores, task=definition.task)
    return ChampionScore(version=version.number, value=metrics[definition.training.metric])


class _NotComparableError(Exception):
    """The champion answers another question than the winner."""


def _scores(
    definition: ModelDefinition,
    version: Version,
    table: RawTable,
    data: PreparedData,
    artifacts: ArtifactStore,
) -> Scores:
    signature = unpack_bundle(artifacts.get(version.files[BUNDLE])).signature
    if signature.task != definition.task or set(signature.classes) != set(definition.classes):
        raise _NotComparableError(
            f"it predicts {signature.task} {list(signature.classes)}, the definition {definition.task} {list(definition.classes)}"
        )
    if lacking := missing_columns(table, list(signature.features)):
        raise _NotComparableError(lacking[0])
    held = RawTable(
        columns=table.columns,
        rows=[row for row, holds in zip(table.rows, data.holdout, strict=True) if holds],
        files=table.files,
    )
    # Rows that the champion would refuse count too: a definition that learned to accept them must not lock itself out.
    features = {
        name: replace(feature, nullable=True, unexpected="accept")
        for name, feature in signature.features.items()
    }
    problems = Findings()
    frame = typed_frame(held, features, problems=problems, unexpected=Findings())
    if problems:
        raise _NotComparableError("; ".join(problems.lines(held)))
    pipeline = load_estimator(artifacts.get(version.files[ESTIMATOR]))
    scores = predict_scores(pipeline, frame, task=definition.task)
    return scores[:, _order(signature, definition)] if definition.classes else scores


def _order(signature: Signature, definition: ModelDefinition) -> NDArray[np.int64]:
    """Where the champion has each class of the definition."""
    return np.array([signature.classes.index(label) for label in definition.classes])
