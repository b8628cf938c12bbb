"""Scores the champion on the holdout of the present run, by its own signature; says why when that cannot be done."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import ArtifactCorruptError, ArtifactMissingError, VersionNotFoundError
from lambdaloop.domain.gate import ChampionScore
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.splitting import Split
from lambdaloop.domain.version import BUNDLE, ESTIMATOR, Version, seen_until
from lambdaloop.ports import ArtifactStore, VersionRegistry
from lambdaloop.training.estimator_files import load_estimator
from lambdaloop.training.frames import Findings, missing_columns, typed_frame
from lambdaloop.training.preparation import PreparedData
from lambdaloop.training.scoring import Scores, compute_metrics, predict_scores
from lambdaloop.training.tables import RawTable


@dataclass(frozen=True, slots=True, kw_only=True)
class ChampionEvaluation:
    """The champion on the holdout."""

    score: ChampionScore
    metrics: Mapping[str, float | None]
    """Empty when it could not be asked."""
    scores: Scores | None
    """[rows, classes] in the definition's order, or [rows, 1] numbers; None when it could not be asked."""


def evaluate_champion(
    definition: ModelDefinition,
    *,
    table: RawTable,
    data: PreparedData,
    artifacts: ArtifactStore,
    versions: VersionRegistry,
) -> ChampionEvaluation | None:
    """The champion's training metric and answers, or its problem; None when the model has no champion."""
    alias = versions.alias(definition.name, CHAMPION)
    if alias is None:
        return None
    try:
        version = versions.version(definition.name, alias.version)
        scores = _scores(definition, version, table, data, artifacts)
    except (ArtifactMissingError, ArtifactCorruptError, VersionNotFoundError, _NotComparableError) as error:
        problem = ChampionScore(version=alias.version, value=None, problem=str(error))
        return ChampionEvaluation(score=problem, metrics={}, scores=None)
    metrics = compute_metrics(data.holdout_target, scores, task=definition.task)
    score = ChampionScore(
        version=version.number,
        value=metrics[definition.training.metric],
        doubt=_doubt(data.split, version),
    )
    return ChampionEvaluation(score=score, metrics=metrics, scores=scores)


def _doubt(present: Split, version: Version) -> str | None:
    """What to add to a comparison on rows that the champion was perhaps fitted on."""
    seen, until = "the champion may have seen some of these rows", seen_until(version)
    if present.since is not None:
        if until < present.since:
            return None
        return f"{seen}: it learned from rows up to {until:%Y-%m-%dT%H:%M}Z, these begin at {present.since:%Y-%m-%dT%H:%M}Z"
    if version.split is not None and present.lies_within(version.split):
        return None
    how = "was chosen otherwise" if version.split else "was chosen in a way that is not on record"
    return f"{seen}: its holdout {how}"


class _NotComparableError(Exception):
    """The champion answers another question than the winner."""


def _scores(
    definition: ModelDefinition,
    version: Version,
    table: RawTable,
    data: PreparedData,
    artifacts: ArtifactStore,
) -> Scores:
    for name in (BUNDLE, ESTIMATOR):
        if name not in version.files:
            raise ArtifactMissingError(f"its record names no {name}")
    signature = unpack_bundle(artifacts.get(version.files[BUNDLE])).signature
    if signature.task != definition.task or set(signature.classes) != set(definition.classes):
        raise _NotComparableError(
            f"it predicts {signature.task} {list(signature.classes)}, the definition {definition.task} {list(definition.classes)}"
        )
    held = _held_out(table, data)
    if lacking := missing_columns(held, list(signature.features)):
        raise _NotComparableError(lacking[0])
    # Rows that the champion would refuse count too: a definition that learned to accept them must not lock itself out.
    features = {
        name: replace(feature, nullable=True, unexpected="accept")
        for name, feature in signature.features.items()
    }
    problems = Findings()
    frame = typed_frame(held, features, problems=problems, unexpected=Findings())
    if problems:
        raise _NotComparableError("; ".join(problems.lines(held)))
    content = artifacts.get(version.files[ESTIMATOR])
    try:
        scores = predict_scores(load_estimator(content), frame, task=definition.task)
        return scores[:, _order(signature, definition)] if definition.classes else scores
    except Exception as error:
        # A pickle of another release of scikit-learn is foreign code: it may raise anything, and must not fail the run.
        raise _NotComparableError(
            f"its estimator cannot be used with the present packages: {type(error).__name__}: {error}"
        ) from error


def _held_out(table: RawTable, data: PreparedData) -> RawTable:
    if table.captured:
        return table.captured.newest
    rows = [row for row, holds in zip(table.rows, data.holdout, strict=True) if holds]
    return RawTable(columns=table.columns, rows=rows, files=table.files)


def _order(signature: Signature, definition: ModelDefinition) -> NDArray[np.int64]:
    """Where the champion has each class of the definition."""
    return np.array([signature.classes.index(label) for label in definition.classes])
