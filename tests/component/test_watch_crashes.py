"""A watch that dies at any of its writes, before or after it, and is done again, leaves what one that did not die leaves."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from lambdaloop.domain.capture_layout import DAY, HOUR
from lambdaloop.services.archived_documents import unpack
from lambdaloop.services.ingest_capture import Bounds
from tests.fakes.mortal_archive import DiedError, MortalArchive
from tests.fakes.samples import MODEL, MORNING
from tests.fakes.watched_model import WatchedModel, rows

BATCHES = Bounds(batch_objects=2)


def world() -> WatchedModel:
    """Two hours of predictions in three objects, one of them with poison, with labels and repeated lines, and a file."""
    model = WatchedModel()
    model.archive = MortalArchive()
    early = model.predict(rows(8, seed=1), at=MORNING - 3 * HOUR, every=60.0)
    late = model.predict(rows(8, seed=2), at=MORNING - HOUR, every=60.0)
    # The same ids in every world: otherwise two worlds could not be compared.
    lines = [each.line for each in [*early, *late]]
    for number, each in enumerate([*early, *late]):
        fixed = f"{each.prediction_id[:12]}7000a{number:015x}".encode()
        lines[number] = lines[number].replace(each.prediction_id.encode(), fixed)
    ids = [f"{each.prediction_id[:12]}7000a{number:015x}" for number, each in enumerate([*early, *late])]
    labels = [model.label(identity, "yes", observed_at=MORNING - HOUR / 2) for identity in ids[2:12]]
    model.deliver([*lines[:6], b"{", *labels[:3]])
    model.deliver([*lines[4:12], *labels[2:]])
    model.deliver([*lines[10:], model.label(ids[0], "no", observed_at=MORNING - HOUR / 4)])
    model.datasets.upload(f"feedback/{MODEL}/a.csv", f"prediction_id,actual\n{ids[15]},no\n".encode())
    return model


def state(model: WatchedModel) -> dict[str, Any]:
    """Everything that lies in the bucket, as documents."""
    found: dict[str, Any] = {}
    for key, content in model.archive.objects.items():
        if key.startswith("quarantine/"):
            found[key] = gzip.decompress(content)
        elif key.endswith(".json.gz"):
            found[key] = unpack(content)
        else:
            found[key] = content
    return found


def without_runs(kept: dict[str, Any]) -> dict[str, Any]:
    """Two runs divide the work between them as it comes."""
    return {key: each for key, each in kept.items() if "/runs/" not in key and not key.startswith("reports/")}


def deaths(again: Callable[[WatchedModel], object]) -> list[tuple[tuple[int, str], WatchedModel]]:
    """For each write, and before and after it: a world where the watch died there, and what was done again after."""
    calm = world()
    calm.watch(bounds=BATCHES)
    assert isinstance(calm.archive, MortalArchive)
    found = []
    for write in range(1, calm.archive.writes + 1):
        for when in ("before", "after"):
            model = world()
            assert isinstance(model.archive, MortalArchive)
            model.archive.deadly = (write, when)
            with pytest.raises(DiedError):
                model.watch(bounds=BATCHES)
            model.archive.deadly = None
            again(model)
            found.append(((write, when), model))
    assert len(found) > 40
    return found


def test_the_same_run_done_again_leaves_the_same_bucket_and_tells_the_same() -> None:
    calm = world()
    report = calm.watch(bounds=BATCHES)
    assert (report.new_rows, report.new_labels, report.quarantined) == (16, 12, 1)
    wanted = state(calm)
    for death, model in deaths(lambda model: model.watch(bounds=BATCHES)):
        assert state(model) == wanted, death
        assert model.registry.windows(MODEL) == [report], death


def test_a_later_run_leaves_the_same_knowledge() -> None:
    def later(model: WatchedModel) -> None:
        model.watch(MORNING + HOUR, bounds=BATCHES)

    calm = world()
    calm.watch(bounds=BATCHES)
    wanted = without_runs(state(calm))
    progress = [key for key in wanted if key.endswith("progress.json.gz")]
    for death, model in deaths(later):
        kept = without_runs(state(model))
        for key in progress:
            del kept[key]
        assert kept == {key: each for key, each in wanted.items() if key not in progress}, death


def test_a_run_done_twice_changes_nothing() -> None:
    model = world()
    report = model.watch(bounds=BATCHES)
    before = state(model)
    assert model.watch(bounds=BATCHES) == report
    assert state(model) == before
    assert model.registry.windows(MODEL) == [report]


def test_an_older_window_judged_again_takes_its_old_place() -> None:
    model = world()
    first = model.watch()
    second = model.watch(MORNING + HOUR)
    assert model.watch().end == first.end
    assert [each.end for each in model.registry.windows(MODEL)] == [second.end, first.end]
    model.clock.advance(DAY.total_seconds())
    assert model.registry.windows(MODEL, since=second.end) == [second]


def test_a_profile_whose_scores_were_never_written_is_no_part_of_the_summary() -> None:
    model = world()
    model.watch()
    hour = MORNING - HOUR
    profile = next(key for key in model.archive.objects if "hour=08/profile/" in key)
    model.archive.objects[f"{profile.rpartition('/')[0]}/dead.json.gz"] = model.archive.objects[profile]
    before = model.hour(hour)
    model.deliver([each.line for each in model.predict(rows(1), at=hour)])
    model.watch(MORNING + HOUR)
    after = model.hour(hour)
    assert after.counts.predictions == before.counts.predictions + 1
    assert after.slices[0].profile is not None
    assert after.slices[0].profile.rows == after.slices[0].rows


def test_what_a_dead_run_could_not_profile_is_profiled_by_the_next_try() -> None:
    model = world()
    assert isinstance(model.archive, MortalArchive)
    artifacts = dict(model.artifacts.objects)
    model.artifacts.objects.clear()
    calm = world()
    calm.watch()
    assert isinstance(calm.archive, MortalArchive)
    markers = [key for key in calm.archive.objects if key.startswith("sources/") and "/runs/" not in key]
    model.archive.deadly = (calm.archive.writes - 2 - len(markers), "before")  # just before the markers
    with pytest.raises(DiedError):
        model.watch()
    assert all(each.profile is None for each in model.hour().slices)
    model.archive.deadly = None
    model.artifacts.objects.update(artifacts)
    model.watch()
    assert all(each.profile is not None for each in model.hour().slices)
