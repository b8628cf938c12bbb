"""Logs runs to an MLflow server. A run that was logged whole is left alone; one that was begun is completed.

A run is found again by a tag; its own end is written last. Metrics carry the time of the run's start there, so that writing them again
writes the same. Who tells has only so long: a server that is too slow is one that cannot be used.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lambdaloop.adapters.mlflow_api import MlflowApi
from lambdaloop.domain.errors import TrackingUnavailableError
from lambdaloop.domain.tracked_run import CANDIDATE_TAG, RUN_TAG, TrackedRun

PATIENCE_SECONDS = 240.0
"""After these no candidate is begun any more; the calls of one take up to half a minute longer."""
# Limits of runs/log-batch, which takes a thousand in all, and of what a server keeps.
_BATCH = {"params": 100, "metrics": 800, "tags": 100}
_LONGEST_KEY, _LONGEST_PARAM, _LONGEST_TAG = 250, 500, 5000
_ENDED = frozenset({"FINISHED", "FAILED", "KILLED"})
_PARENT_TAG, _NAME_TAG = "mlflow.parentRunId", "mlflow.runName"


class MlflowTracker:
    """The port RunTracker."""

    def __init__(
        self, api: MlflowApi, *, experiment: str, stopwatch: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = api
        self._experiment = experiment
        self._stopwatch = stopwatch

    def log(self, run: TrackedRun, *, report: bytes | None, at: datetime) -> str:
        """Tell it once, however often this is called; returns the server's own id of the run."""
        until = self._stopwatch() + PATIENCE_SECONDS
        experiment = self._experiment_id()
        now = int(at.timestamp() * 1000)
        parent = self._found(experiment, RUN_TAG, run.id).get(run.id) or self._begun(
            experiment, run.id, {**run.tags, _NAME_TAG: run.id}, now
        )
        own_id = str(parent["run_id"])
        if parent["status"] in _ENDED:
            return own_id
        self._batches(own_id, run.params, run.metrics, run.tags, at=int(parent["start_time"]))
        known = self._found(experiment, _PARENT_TAG, own_id) if run.candidates else {}
        for candidate in run.candidates:
            if self._stopwatch() > until:
                raise TrackingUnavailableError(
                    f"the tracking server is too slow: {candidate.name} and what comes after it were not told within "
                    f"{PATIENCE_SECONDS:.0f} seconds; use a nearer server, or a search of fewer trials"
                )
            name = candidate.name
            tags = {RUN_TAG: f"{run.id}/{name}", CANDIDATE_TAG: name, _PARENT_TAG: own_id, _NAME_TAG: name}
            child = known.get(tags[RUN_TAG]) or self._begun(experiment, name, tags, now)
            if child["status"] not in _ENDED:
                child_id, began = str(child["run_id"]), int(child["start_time"])
                self._batches(child_id, candidate.params, candidate.metrics, {}, at=began)
                self._end(child_id, "FINISHED", now)
        if report is not None:
            self._upload(parent, "report.json", report)
        self._end(own_id, "FAILED" if run.outcome == "failed" else "FINISHED", now)
        return own_id

    def _experiment_id(self) -> str:
        found = self._api.get("experiments/get-by-name", experiment_name=self._experiment)
        if found is not None:
            return str(_field(found, "experiment", "experiment_id"))
        made = self._api.post("experiments/create", {"name": self._experiment})
        return str(_field(made, "experiment_id"))

    def _found(self, experiment: str, tag: str, value: str) -> dict[str, dict[str, Any]]:
        """What the server says of the runs with this tag, by the names that we know them by."""
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        found = self._api.post(
            "runs/search",
            {"experiment_ids": [experiment], "filter": f"tags.`{tag}` = '{quoted}'", "max_results": 1000},
        )
        runs = (found or {}).get("runs") or []
        return {_tag_of(each, RUN_TAG): _field(each, "info") for each in runs}

    def _begun(self, experiment: str, name: str, tags: Mapping[str, str], now: int) -> dict[str, Any]:
        listed = [{"key": key, "value": text[:_LONGEST_TAG]} for key, text in tags.items()]
        request = {"experiment_id": experiment, "run_name": name, "start_time": now, "tags": listed}
        info: dict[str, Any] = _field(self._api.post("runs/create", request), "run", "info")
        return info

    def _batches(
        self,
        run_id: str,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        *,
        at: int,
    ) -> None:
        remaining: dict[str, list[dict[str, Any]]] = {
            "params": [{"key": k[:_LONGEST_KEY], "value": v[:_LONGEST_PARAM]} for k, v in params.items()],
            "metrics": [
                {"key": k[:_LONGEST_KEY], "value": v, "timestamp": at, "step": 0} for k, v in metrics.items()
            ],
            "tags": [{"key": k[:_LONGEST_KEY], "value": v[:_LONGEST_TAG]} for k, v in tags.items()],
        }
        while any(remaining.values()):
            batch = {kind: items[: _BATCH[kind]] for kind, items in remaining.items()}
            self._api.post("runs/log-batch", {"run_id": run_id, **batch})
            remaining = {kind: items[_BATCH[kind] :] for kind, items in remaining.items()}

    def _upload(self, run: Mapping[str, Any], name: str, content: bytes) -> None:
        """Only where the server itself takes artifacts: where clients write to a bucket, that is a right we do not have."""
        scheme, _, place = str(run.get("artifact_uri", "")).partition(":")
        if scheme == "mlflow-artifacts":
            self._api.upload(f"{place.lstrip('/')}/{name}", content)

    def _end(self, run_id: str, status: str, now: int) -> None:
        self._api.post("runs/update", {"run_id": run_id, "status": status, "end_time": now})


def _field(document: Any, *path: str) -> Any:
    """TrackingUnavailableError when the answer is not what the API promises."""
    found = document
    for step in path:
        if not isinstance(found, dict) or step not in found:
            raise TrackingUnavailableError(
                f"the tracking server's answer has no {'.'.join(path)}: is it an MLflow server?"
            )
        found = found[step]
    return found


def _tag_of(run: Any, wanted: str) -> str:
    tags = {each["key"]: each["value"] for each in _field(run, "data", "tags")}
    return str(_field(tags, wanted))
