"""Warm requests and cold starts: Lambdaloop's function against the baseline, in turns."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from scripts.benchmarks.report import Section, Table
from scripts.benchmarks.sides import Run, Side, baseline_side, lambdaloop_side
from scripts.benchmarks.store import serve_files
from scripts.benchmarks.trained_models import TrainedModel, train_binary_models

Advance = Callable[[int, int], None]
"""Tells the progress bar how much of how much is done."""
_ROUNDS = 7
_WARMING, _MEASURED = 50, 250


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """Both sides, ready to run."""

    models: list[TrainedModel]
    ours: Side
    baseline: Side
    store: str
    folder: Path

    def run(self, side: Side, model: TrainedModel, *, requests: int) -> Run:
        return side.run(model, store=self.store, requests=requests, folder=self.folder)


def warm_requests(advance: Advance) -> Section:
    """One row per request through the whole handler."""
    rows = []
    with _bench() as bench:
        seconds = _in_turns(bench, bench.models, advance, requests=_WARMING + _MEASURED)
        for model in bench.models:
            ours, baseline = (
                [_percentiles(run.warm_seconds[_WARMING:]) for run in runs] for runs in seconds[model.label]
            )
            our_p50, our_p99, base_p50, base_p99 = (
                median(one[place] for one in side) for side in (ours, baseline) for place in (0, 1)
            )
            rows.append(
                [
                    model.label,
                    f"{our_p50 * 1e3:.2f} / {our_p99 * 1e3:.2f}",
                    f"{base_p50 * 1e3:.2f} / {base_p99 * 1e3:.2f}",
                    f"**{base_p50 / our_p50:.1f}**",
                ]
            )
    return Section(
        title="A warm request",
        text=(
            "One row of 20 numbers and 10 categories: API Gateway event → handler → response, in a process that has answered "
            f"before. Median of {_ROUNDS} processes of {_MEASURED} requests each. Lambdaloop's time includes checking the row, "
            "the prediction log line and the metrics line; the baseline (pandas + scikit-learn + joblib behind the same FastAPI "
            "and Mangum) does none of these. Must hold: p50 at most 1 ms, and a ratio of at least 15 for the random forest."
        ),
        table=Table(
            head=["model", "Lambdaloop p50 / p99 ms", "baseline p50 / p99 ms", "times faster"], rows=rows
        ),
    )


def cold_start(advance: Advance) -> Section:
    """From starting a process to its first answer."""
    rows = []
    with _bench() as bench:
        models = [model for model in bench.models if model.label != "histogram boosting"]
        seconds = _in_turns(bench, models, advance, requests=0)
        for model in models:
            ours, baseline = (median(run.cold_seconds for run in runs) for runs in seconds[model.label])
            rows.append(
                [model.label, f"{ours * 1e3:.0f}", f"{baseline * 1e3:.0f}", f"**{baseline / ours:.2f}**"]
            )
    return Section(
        title="A cold start",
        text=(
            f"From starting the process to the first answer, median of {_ROUNDS}. Both fetch their model from the same bucket "
            "server on the loopback interface, both run from the packages that Lambda gets, with unchecked-hash bytecode. "
            "The baseline fetches with boto3, Lambdaloop with its own signed request. Must hold: a ratio of at least 2.5 for "
            "the random forest."
        ),
        table=Table(head=["model", "Lambdaloop ms", "baseline ms", "times faster"], rows=rows),
    )


def _in_turns(
    bench: _Bench, models: list[TrainedModel], advance: Advance, *, requests: int
) -> dict[str, tuple[list[Run], list[Run]]]:
    """Both sides one after the other, again and again, so that a busy moment of the machine hits both."""
    runs: dict[str, tuple[list[Run], list[Run]]] = {model.label: ([], []) for model in models}
    total = (_ROUNDS + 1) * len(models) * 2
    done = 0
    for round_ in range(_ROUNDS + 1):
        for model in models:
            for side, results in zip((bench.ours, bench.baseline), runs[model.label], strict=True):
                run = bench.run(side, model, requests=requests)
                if round_:  # the first one only fills the disk cache
                    results.append(run)
                done += 1
                advance(done, total)
    for ours, baseline in runs.values():
        _check_same_answer(ours[0], baseline[0])
    return runs


def _check_same_answer(ours: Run, baseline: Run) -> None:
    """A comparison of speed means nothing unless both predict the same."""
    [our], [theirs] = ours.answer["predictions"], baseline.answer["predictions"]
    if (
        our["value"] != theirs["value"]
        or abs(our["probabilities"]["yes"] - theirs["probabilities"]["yes"]) > 1e-6
    ):
        raise RuntimeError(f"the sides disagree: {our} and {theirs}")


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    cuts = quantiles(seconds, n=100)
    return cuts[49], cuts[98]


@contextmanager
def _bench() -> Iterator[_Bench]:
    with tempfile.TemporaryDirectory(prefix="lambdaloop-bench-") as name:
        folder = Path(name)
        files = folder / "files"
        files.mkdir()
        models = train_binary_models(files)
        with serve_files(files) as store:
            yield _Bench(
                models=models,
                ours=lambdaloop_side(models, folder / "ours"),
                baseline=baseline_side(models, folder / "baseline"),
                store=store,
                folder=folder,
            )
