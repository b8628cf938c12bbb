"""A month of summaries of a steady stream on disk, and a released version to hold it against: what a watch finds and reads."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np

from lambdaloop.domain.alias import CHAMPION, Alias
from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.baseline import Baseline, Curve
from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.capture_layout import DAY, HOUR, hour_key
from lambdaloop.domain.dataset import DataObject
from lambdaloop.domain.definition import Data, ModelDefinition, Training
from lambdaloop.domain.definition_digest import definition_digest
from lambdaloop.domain.monitoring_rules import Monitoring
from lambdaloop.domain.outcomes import Outcomes
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.domain.summary import LogCounts, SliceKey, SliceSummary, Summary
from lambdaloop.domain.version import BASELINE, Version
from lambdaloop.monitoring.observing import expect, observe
from lambdaloop.ports import ArtifactStore, VersionRegistry
from lambdaloop.services.archived_documents import save_record
from lambdaloop.services.judge_window import Judge
from lambdaloop.services.load_reference import References
from lambdaloop.services.summarise_hours import summarise_days
from scripts.benchmarks.drift_streams import SIGNATURE, Stream

MODEL = SIGNATURE.model
ROWS = 1_000
"""Predictions of an hour."""
_HOLDOUT_ROWS = 2_500
_CURVE = {"yes": Curve(x=(0.0, 1.0), y=(0.0, 1.0))}
"""A calibration that leaves scores as they are."""
_RELEASED = datetime(2026, 1, 1, tzinfo=UTC)


class Folder:
    """The port CaptureArchive on a disk; counts what is loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.loads = 0

    def sources(self, prefix: str) -> Sequence[DataObject]:
        """Every file below the prefix."""
        files = sorted(file for file in self._folder.rglob("*") if file.is_file())
        keys = {file.relative_to(self._folder).as_posix(): file for file in files}
        found = {key: file for key, file in keys.items() if key.startswith(prefix)}
        return [DataObject(key=key, version_id="", size=file.stat().st_size) for key, file in found.items()]

    def keys(self, prefix: str) -> Sequence[str]:
        """Their names."""
        return [each.key for each in self.sources(prefix)]

    def read(self, source: DataObject, *, limit: int) -> bytes:
        """What a file holds, as it is."""
        return (self._folder / source.key).read_bytes()[:limit]

    def load(self, key: str) -> bytes | None:
        """What a file holds, or None."""
        self.loads += 1
        file = self._folder / key
        return file.read_bytes() if file.is_file() else None

    def save(self, key: str, content: bytes) -> None:
        """Write a file."""
        file = self._folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


class _Desk:
    """What a judgement asks registry, artifact store and metrics: one version, live all the time."""

    def __init__(self, definition: ModelDefinition, baseline: bytes) -> None:
        self._contents = {BASELINE: baseline}
        self._rows = {MODEL: ROWS}
        file = Artifact(key=BASELINE, version_id="1", sha256="0" * 64, size=len(baseline))
        version = Version(
            model=MODEL,
            run="run-1",
            task=SIGNATURE.task,
            manifest=file,
            files={BASELINE: file},
            estimator="logistic_regression",
            parameters={},
            metrics={},
            metric=definition.training.metric,
            dataset=file,
            dataset_digest="0" * 64,
            rows=_HOLDOUT_ROWS,
            gate={},
            definition_digest=definition_digest(definition),
            number=1,
            created_at=_RELEASED,
            created_by="train",
        )
        self._versions = {(MODEL, version.number): version}

    def alias_at(self, model: str, name: str, at: datetime) -> Alias:
        """The first release, which has taken all traffic an hour before."""
        return Alias(
            model=model, name=name, version=1, release=1, revision=1, moved_at=at - HOUR, moved_by="release"
        )

    def version(self, model: str, number: int) -> Version:
        """The only one."""
        return self._versions[model, number]

    def get(self, artifact: Artifact) -> bytes:
        """Its baseline."""
        return self._contents[artifact.key]

    def served(self, model: str, *, start: datetime, end: datetime) -> float:
        """All that was captured."""
        return self._rows[model] * ((end - start) / HOUR)


def judge(stream: Stream, archive: Folder, *, window: timedelta) -> Judge:
    """What a watch of the stream judges with, when its windows are so long; nothing is loaded yet."""
    definition = _definition(window)
    desk = _Desk(definition, _baseline(stream).to_json())
    versions = cast(VersionRegistry, desk)  # it is asked nothing else
    artifacts = cast(ArtifactStore, desk)
    return Judge(
        definition=definition,
        references=References(definition, versions=versions, artifacts=artifacts),
        versions=versions,
        archive=archive,
        served=desk,
    )


def write_summaries(archive: Folder, stream: Stream, *, start: datetime, end: datetime) -> None:
    """Of all hours, days and pentads, as the watch writes them; every day is the same one."""
    day = [_summary(stream, start + hour * HOUR) for hour in range(DAY // HOUR)]
    hours = []
    for number in range((end - start) // HOUR):
        hours.append(start + number * HOUR)
        one = replace(day[number % len(day)], start=hours[-1], end=hours[-1] + HOUR)
        save_record(archive, hour_key(MODEL, hours[-1]), one)
    summarise_days(hours, model=MODEL, archive=archive)


def _definition(window: timedelta) -> ModelDefinition:
    return ModelDefinition(
        name=MODEL,
        task=SIGNATURE.task,
        target="target",
        features=SIGNATURE.features,
        classes=SIGNATURE.classes,
        data=Data(location="stream/"),
        training=Training(
            metric="log_loss",
            candidates=(Candidate(name="linear", estimator="logistic_regression", parameters={}),),
        ),
        serving=Serving(capture=tuple(SIGNATURE.features)),
        monitoring=Monitoring(window_hours=window // HOUR),
    )


def _baseline(stream: Stream) -> Baseline:
    outcomes, _ = _outcomes(stream, _HOLDOUT_ROWS)
    return Baseline(
        profile=stream.baseline,
        outcomes=outcomes,
        calibration=_CURVE,
        reconstruction=stream.reconstruction,
    )


def _outcomes(stream: Stream, rows: int) -> tuple[Outcomes, Outcomes]:
    """Real and expected ones."""
    positive = stream.random.random(rows)
    scores = np.stack([1 - positive, positive], axis=1)
    actual = (stream.random.random(rows) < positive).astype(np.int64)
    return (
        observe(SIGNATURE.task, SIGNATURE.classes, actual, scores),
        expect(SIGNATURE.task, SIGNATURE.classes, scores, _CURVE, None),
    )


def _summary(stream: Stream, hour: datetime) -> Summary:
    observed, expected = _outcomes(stream, ROWS)
    return Summary(
        model=MODEL,
        start=hour,
        end=hour + HOUR,
        counts=LogCounts(predictions=ROWS, labelled=ROWS),
        slices=(
            SliceSummary(
                key=SliceKey(release=1, version=1, variant=CHAMPION),
                rows=ROWS,
                profile=stream.window(ROWS),
                outcomes=observed,
                expected=expected,
                expected_labelled=expected,
                newest_labelled=hour,
            ),
        ),
    )
