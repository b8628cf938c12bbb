"""Brings together what the registry and CloudWatch know of all models: everything, or an error, never a part."""

from collections.abc import Sequence
from datetime import datetime

from lambdaloop.domain.alias import CHAMPION, Alias
from lambdaloop.domain.fleet import FleetState, ModelState, ModelTraffic, last_stretch
from lambdaloop.domain.release import BESIDE_STATUSES, Release
from lambdaloop.ports import FleetFigures, ReleaseLog, VersionRegistry, WindowLog

_NEWEST_RELEASES = 10
"""Among which one is looked for that has traffic beside the live one: at most the last one has, or those of an experiment."""


def observe_fleet(
    models: Sequence[str],
    *,
    versions: VersionRegistry,
    releases: ReleaseLog,
    windows: WindowLog,
    figures: FleetFigures,
    at: datetime,
) -> FleetState:
    """The newest stretch of traffic that has settled, and everything else as it is now. BackendUnavailableError."""
    stretch = last_stretch(at)
    champions = {model: versions.alias(model, CHAMPION) for model in models}
    asked = {model: _with_traffic(model, champions[model], releases) for model in models}
    numbers = {model: [release.number for release in found] for model, found in asked.items()}
    traffic = figures.traffic(numbers, start=stretch.start, end=stretch.end)
    return FleetState(
        stretch=stretch,
        models=[
            ModelState(
                model=model,
                champion=champions[model],
                releases=asked[model],
                traffic=traffic.get(model, ModelTraffic()),
                window=next(iter(windows.windows(model, limit=1)), None),
            )
            for model in models
        ],
        alarms=figures.ringing(),
    )


def _with_traffic(model: str, champion: Alias | None, releases: ReleaseLog) -> list[Release]:
    newest = releases.releases(model, limit=_NEWEST_RELEASES)
    live = [] if champion is None or champion.release is None else [releases.release(model, champion.release)]
    return live + [each for each in newest if each.status in BESIDE_STATUSES and each not in live]
