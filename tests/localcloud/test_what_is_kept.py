"""A local cloud that runs for long under load does not grow by what it logs."""

import gc
import weakref
from pathlib import Path

import pytest
from moto.logs.models import LogEvent, logs_backends

from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from scripts.localcloud.logs import KEPT_LINES
from tests.localcloud.eventing_cloud import eventing_cloud
from tests.localcloud.running_cloud import RunningCloud


@pytest.mark.localcloud
def test_of_a_busy_stream_the_newest_lines_are_kept_and_of_a_calm_one_all(tmp_path: Path) -> None:
    with eventing_cloud(tmp_path) as running:
        logs = running.client("logs")
        logs.create_log_group(logGroupName="g")
        for name in ("busy", "calm"):
            logs.create_log_stream(logGroupName="g", logStreamName=name)
        group = logs_backends[ACCOUNT_ID][REGION].groups["g"]
        group.put_log_events("calm", [{"timestamp": 0, "message": "once"}])
        for batch in range(5):
            lines = range(batch * KEPT_LINES, (batch + 1) * KEPT_LINES)
            group.put_log_events("busy", [{"timestamp": n, "message": str(n)} for n in lines])
        kept = [event.message for event in group.streams["busy"].events]
        assert KEPT_LINES <= len(kept) <= 2 * KEPT_LINES
        assert kept == [str(n) for n in range(5 * KEPT_LINES - len(kept), 5 * KEPT_LINES)]
        assert [event.message for event in group.streams["calm"].events] == ["once"]


@pytest.mark.localcloud
def test_what_is_not_kept_is_not_held_by_anything_else(tmp_path: Path) -> None:
    with RunningCloud.running(tmp_path, speed=0) as running:
        logs = running.client("logs")
        logs.create_log_group(logGroupName="g")
        logs.create_log_stream(logGroupName="g", logStreamName="s")
        group = logs_backends[ACCOUNT_ID][REGION].groups["g"]
        group.put_log_events("s", [{"timestamp": 0, "message": "the oldest"}])
        oldest: weakref.ref[LogEvent] = weakref.ref(group.streams["s"].events[0])
        del group.streams["s"].events[0]
        gc.collect()
        assert oldest() is None
