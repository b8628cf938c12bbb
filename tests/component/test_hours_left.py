"""A file of labels may be about more hours than one run can sum up: the others wait for the next runs, and nothing is lost."""

from datetime import timedelta
from typing import Any

import pytest

from lambdaloop.domain.capture_layout import HOUR
from lambdaloop.domain.window import WindowReport
from lambdaloop.services.archived_documents import unpack
from lambdaloop.services.ingest_capture import Bounds
from tests.fakes.mortal_archive import DiedError, MortalArchive
from tests.fakes.samples import MODEL, MORNING
from tests.fakes.watched_model import WatchedModel, rows

HOURS = 3
EACH = 4
HURRIED = Bounds(seconds=0, summing_seconds=0)
"""One object and one hour in each run."""


def labelled_late() -> WatchedModel:
    """Predictions of three hours that a run has read, and one file with all of their labels."""
    model = WatchedModel()
    model.archive = MortalArchive()
    ids = []
    for number in range(1, HOURS + 1):
        made = model.predict(rows(EACH, seed=number), at=MORNING - number * HOUR)
        fixed = [f"{each.prediction_id[:12]}7000a{number:07x}{i:08x}" for i, each in enumerate(made)]
        lines = zip(made, fixed, strict=True)
        model.deliver(each.line.replace(each.prediction_id.encode(), known.encode()) for each, known in lines)
        ids += fixed
    model.watch()
    model.clock.advance(3600)
    content = "".join(f"{each},yes,{MORNING.isoformat()}\n" for each in ids)
    model.datasets.upload(
        f"feedback/{MODEL}/all.csv", f"prediction_id,actual,observed_at\n{content}".encode()
    )
    return model


def watched_to_the_end(model: WatchedModel, *, since: int = 1) -> list[WindowReport]:
    """A hurried run in each minute, until one leaves nothing."""
    reports = []
    for minute in range(since, since + 3 * HOURS):
        reports.append(model.watch(MORNING + timedelta(minutes=minute), bounds=HURRIED))
        if not reports[-1].notes:
            return reports
    raise AssertionError(f"something is left after {len(reports)} runs: {reports[-1].notes}")


def summaries(model: WatchedModel) -> dict[str, Any]:
    """Of all hours, days and pentads, but for when they were told."""
    kept = model.archive.objects.items()
    return {
        key: unpack(content) for key, content in kept if key.endswith(("summary.json.gz", "pentad.json.gz"))
    }


def test_hours_without_time_to_be_summed_up_wait_for_the_next_runs() -> None:
    calm = labelled_late()
    assert calm.watch(MORNING + timedelta(minutes=1)).new_labels == HOURS * EACH
    hurried = labelled_late()
    reports = watched_to_the_end(hurried)
    assert [each.new_labels for each in reports] == [EACH] * HOURS
    assert reports[0].notes == ("2 hours are left for the next run to sum up",)
    assert summaries(hurried) == summaries(calm)


def test_the_newest_hour_is_summed_up_first() -> None:
    model = labelled_late()
    model.watch(MORNING + timedelta(minutes=1), bounds=HURRIED)
    assert model.hour(MORNING - HOUR).counts.labelled == EACH
    assert model.hour(MORNING - 2 * HOUR).counts.labelled == 0


def test_new_objects_are_read_while_hours_are_left() -> None:
    model = labelled_late()
    model.watch(MORNING + timedelta(minutes=1), bounds=HURRIED)
    model.deliver(each.line for each in model.predict(rows(3), at=MORNING))
    report = model.watch(MORNING + timedelta(minutes=2), bounds=HURRIED)
    assert (report.new_rows, report.new_labels) == (3, 0)
    assert sum(each.new_labels for each in watched_to_the_end(model, since=3)) == (HOURS - 1) * EACH


@pytest.mark.parametrize("when", ["before", "after"])
def test_no_hour_is_forgotten_wherever_a_hurried_run_dies(when: str) -> None:
    calm = labelled_late()
    calm.watch(MORNING + timedelta(minutes=1))
    wanted = summaries(calm)
    write = 0
    while True:
        model = labelled_late()
        assert isinstance(model.archive, MortalArchive)
        write += 1
        model.archive.deadly = (model.archive.writes + write, when)
        try:
            model.watch(bounds=HURRIED)
        except DiedError:
            model.archive.deadly = None
        else:
            break
        watched_to_the_end(model)
        assert summaries(model) == wanted, write
    assert write > 8
