"""The parity gate: the served runtime must answer the golden rows as scikit-learn did, or there is no version."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from lambdaloop.domain.artifact import Artifact
from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.runtime import Speed
from lambdaloop.ports import ArtifactStore
from lambdaloop.services.replay_golden import replay_golden
from lambdaloop.serving.served_model import LoadedBundle

_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How exact the served runtime is, and how fast."""

    rows: int
    worst_difference: float
    speed: Speed


def check_parity(*, bundle: Artifact, artifacts: ArtifactStore, seconds: Callable[[], float]) -> Parity:
    """Replay the golden rows one by one, as requests come, and once more as one batch.

    seconds: a clock that only goes forward. Raises ParityError that names the first row that is not exact.
    """
    content = artifacts.get(bundle)
    golden = unpack_bundle(content).golden()
    started = seconds()
    model = LoadedBundle.from_bytes(content)
    load = seconds() - started
    worst = replay_golden(model, golden)
    rows = list(golden.rows)
    singles, batches = [], []
    for _ in range(_ROUNDS):
        for row in rows:
            started = seconds()
            model.predict([row])
            singles.append(seconds() - started)
        started = seconds()
        model.predict(rows)
        batches.append((seconds() - started) / len(rows))
    return Parity(
        rows=len(rows),
        worst_difference=worst,
        speed=Speed(
            load_ms=round(load * 1e3, 2),
            row_us=round(median(singles) * 1e6, 1),
            batch_row_us=round(median(batches) * 1e6, 2),
        ),
    )
