"""The state of all models as families of gauges.

Names are for good: dashboards and alerts hang on them. Everything is a gauge, also what was counted: figures are those of one
stretch of time (docs/decisions/0020-fleet-metrics-are-gauges-of-whole-five-minutes.md).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import get_args

from lambdaloop.domain.exposition import Gauge, Sample
from lambdaloop.domain.fleet import FleetState, ModelState
from lambdaloop.domain.window import Performance, WindowReport, WindowStatus

_TRAFFIC = "in the five minutes that ended at lambdaloop_last_5m_end_timestamp_seconds"
_WATCH = "found by the newest run of the watch"

_Samples = Callable[[ModelState], Iterator[Sample]]


def fleet_metrics(state: FleetState) -> Iterator[Gauge]:
    """Every family, in the order in which it is read best; those without samples, too."""
    yield Gauge(
        "lambdaloop_last_5m_end_timestamp_seconds",
        "When the five minutes ended that the families called last_5m are about: the newest whole ones that have settled.",
        [Sample(state.stretch.end.timestamp())],
    )
    for name, told, samples in _FAMILIES:
        found = [
            Sample(sample.value, {"model": each.model, **sample.labels})
            for each in state.models
            for sample in samples(each)
        ]
        yield Gauge(f"lambdaloop_model_{name}", told, found)
    yield Gauge(
        "lambdaloop_alarms_in_alarm",
        "How many alarms of CloudWatch ring whose names begin with lambdaloop-.",
        [Sample(float(len(state.alarms)))],
    )
    yield Gauge(
        "lambdaloop_alarm_in_alarm",
        "1 for each of these alarms while it rings; there is no sample for one that does not.",
        [Sample(1.0, {"alarm": name}) for name in sorted(state.alarms)],
    )


def _info(state: ModelState) -> Iterator[Sample]:
    if state.champion:
        release = state.champion.release
        yield Sample(
            1.0, {"version": str(state.champion.version), "release": "" if release is None else str(release)}
        )


def _champion_since(state: ModelState) -> Iterator[Sample]:
    if state.champion:
        yield Sample(state.champion.moved_at.timestamp())


def _errors(state: ModelState) -> Iterator[Sample]:
    yield Sample(state.traffic.client_errors, {"status": "4xx"})
    yield Sample(state.traffic.server_errors, {"status": "5xx"})


def _latency(state: ModelState) -> Iterator[Sample]:
    for percentile, seconds in state.traffic.latency_seconds.items():
        yield Sample(seconds, {"percentile": percentile})


def _release_requests(state: ModelState) -> Iterator[Sample]:
    for release in state.releases:
        labels = {"release": str(release.number), "version": str(release.version), "status": release.status}
        yield Sample(state.traffic.release_requests.get(release.number, 0.0), labels)


def _verdict(state: ModelState) -> Iterator[Sample]:
    if state.window:
        for status in get_args(WindowStatus):
            yield Sample(float(state.window.status == status), {"status": status})


def _performance(state: ModelState) -> Iterator[Sample]:
    for kind, found in _performances(state.window).items():
        for metric, estimate in found.metrics.items():
            if estimate.value is None:
                continue
            yield Sample(estimate.value, {"kind": kind, "metric": metric})


def _performance_drop(state: ModelState) -> Iterator[Sample]:
    for kind, found in _performances(state.window).items():
        if found.drop is not None:
            yield Sample(found.drop, {"kind": kind})


def _performances(window: WindowReport | None) -> Mapping[str, Performance]:
    found = {"real": window.performance, "estimated": window.estimated} if window else {}
    return {kind: each for kind, each in found.items() if each is not None}


def _counted(figure: Callable[[ModelState], float]) -> _Samples:
    def samples(state: ModelState) -> Iterator[Sample]:
        yield Sample(float(figure(state)))

    return samples


def _watched(figure: Callable[[WindowReport], float | None]) -> _Samples:
    def samples(state: ModelState) -> Iterator[Sample]:
        value = figure(state.window) if state.window else None
        if value is not None:
            yield Sample(float(value))

    return samples


_FAMILIES: tuple[tuple[str, str, _Samples], ...] = (
    ("info", "1 for each model that serves, with the version and the release of its champion.", _info),
    ("champion_since_timestamp_seconds", "When the champion became it.", _champion_since),
    (
        "requests_last_5m",
        f"Requests for predictions that got an answer, whatever its status, {_TRAFFIC}. Where a process died, live-errors rings.",
        _counted(lambda state: state.traffic.requests),
    ),
    (
        "request_errors_last_5m",
        f"Of these requests, those answered with a 4xx or 5xx status, {_TRAFFIC}.",
        _errors,
    ),
    (
        "invalid_requests_last_5m",
        f"Of those with a 4xx status, those refused for their rows or tensors (422), {_TRAFFIC}.",
        _counted(lambda state: state.traffic.invalid_requests),
    ),
    ("predictions_last_5m", f"Rows answered {_TRAFFIC}.", _counted(lambda state: state.traffic.predictions)),
    (
        "latency_last_5m_seconds",
        f"Percentiles of the time that the function took for requests with a prediction, {_TRAFFIC}; none without any.",
        _latency,
    ),
    (
        "release_requests_last_5m",
        f"Requests by the release that answered, {_TRAFFIC}, for those that may have traffic: what share each really had.",
        _release_requests,
    ),
    (
        "capture_lost_lines_last_5m",
        f"Lines that the prediction log lacks because they could not be written, as reported {_TRAFFIC}.",
        _counted(lambda state: state.traffic.lost_lines),
    ),
    (
        "watched_timestamp_seconds",
        "Up to when the newest run of the watch has judged: its age is time() minus this.",
        _watched(lambda window: window.end.timestamp()),
    ),
    ("watch_verdict", f"1 for the verdict {_WATCH}, 0 for all others.", _verdict),
    (
        "drift_ratio",
        f"Weighted share of the features that drifted, {_WATCH}; none without enough rows.",
        _watched(lambda window: window.drift.share if window.drift else None),
    ),
    (
        "drifted_features",
        f"How many features drifted, {_WATCH}.",
        _watched(lambda window: len(window.drift.drifted) if window.drift else None),
    ),
    (
        "capture_loss_ratio",
        f"Share of the served predictions that the prediction log lacks, {_WATCH}.",
        _watched(lambda window: window.capture_loss),
    ),
    (
        "new_labels",
        f"Predictions first labelled, {_WATCH}.",
        _watched(lambda window: window.new_labels),
    ),
    (
        "unknown_labels",
        f"Labels of predictions that are not in the log, {_WATCH}.",
        _watched(lambda window: window.unknown_labels),
    ),
    (
        "label_delay_seconds",
        f"How far back the newest labelled prediction lies, {_WATCH}; none without labels.",
        _watched(
            lambda window: None if window.label_delay_hours is None else window.label_delay_hours * 3600
        ),
    ),
    ("performance", f"Metrics by labels (real) and without them (estimated), {_WATCH}.", _performance),
    (
        "performance_drop",
        f"How much worse the training metric is than on the holdout, beyond doubt, {_WATCH}.",
        _performance_drop,
    ),
)
