"""Whether there is an occasion to train again: lasting drift, a lasting drop of performance, new data, or its time has come."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdaloop.domain.alias import Alias
from lambdaloop.domain.decision import Cause, CheckName, DecisionCheck
from lambdaloop.domain.monitoring_rules import Monitoring, Retraining, Trigger
from lambdaloop.domain.training_history import TrainingHistory
from lambdaloop.domain.window import WindowReport

_ASKS: dict[Cause, tuple[Trigger, ...]] = {
    # The watch comes again and again, so whatever was refused before is looked at once more.
    "watch": ("drift", "performance", "data", "schedule"),
    "alarm": ("drift", "performance"),
    "data": ("data",),
    "schedule": ("schedule",),
    "person": ("drift", "performance"),
}
"""What each cause makes the governor look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What was looked at, and what of it was found."""

    check: DecisionCheck
    found: tuple[Trigger, ...]
    windows: tuple[WindowReport, ...]
    """Those that count: the last ones of the live release, newest first."""
    bad: int
    """How many of them show drift or a drop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the triggers look at."""

    monitoring: Monitoring
    retraining: Retraining
    champion: Alias | None
    windows: Sequence[WindowReport]
    """The newest ones of the model, newest first."""
    history: TrainingHistory
    uploaded_at: datetime | None
    """When the newest training data came that asked for a training."""
    now: datetime


def find_occasion(cause: Cause, watched: Watched) -> Occasion:
    """What of the definition's triggers holds, as far as this cause asks for it."""
    windows = _counting(watched)
    looks: dict[Trigger, Callable[[], tuple[bool, str]]] = {
        "drift": lambda: _lasting("drift", [shows_drift(each) for each in windows], watched),
        "performance": lambda: _lasting(
            f"a performance drop of more than {watched.monitoring.max_performance_drop:g}",
            [shows_drop(each, watched.monitoring) for each in windows],
            watched,
        ),
        "data": lambda: _new_data(watched),
        "schedule": lambda: _schedule(watched),
    }
    asked = [trigger for trigger in _ASKS[cause] if trigger in watched.retraining.on]
    answers = {trigger: looks[trigger]() for trigger in asked}
    found = tuple(trigger for trigger in asked if answers[trigger][0])
    return Occasion(
        check=_check(found, {trigger: text for trigger, (_, text) in answers.items()}, watched),
        found=found,
        windows=windows,
        bad=sum(shows_drift(each) or shows_drop(each, watched.monitoring) for each in windows),
    )


def shows_drift(report: WindowReport) -> bool:
    """Whether the data as a whole have drifted: by the weighted share of features, or in how these go together."""
    return report.status == "drift"


def shows_drop(report: WindowReport, monitoring: Monitoring) -> bool:
    """Whether the performance, real or estimated, is certainly worse by as much as matters."""
    drops = (each.drop for each in (report.performance, report.estimated) if each is not None)
    return any(drop is not None and drop > monitoring.max_performance_drop for drop in drops)


def _counting(watched: Watched) -> tuple[WindowReport, ...]:
    """Windows of the live release at the last n times; a time at which the watch did not run has none."""
    champion, (_, last) = watched.champion, watched.retraining.windows
    if champion is None or not watched.windows:
        return ()
    oldest = watched.windows[0].end - timedelta(hours=last * watched.monitoring.every_hours)
    return tuple(
        each
        for each in watched.windows[:last]
        if each.end > max(oldest, champion.moved_at) and each.release == champion.release
    )


def _check(found: tuple[Trigger, ...], sentences: dict[Trigger, str], watched: Watched) -> DecisionCheck:
    if not sentences:
        allowed = ", ".join(watched.retraining.on) or "nothing"
        return DecisionCheck(
            name="triggers", passed=False, reason=f"retraining.on lets {allowed} start a training"
        )
    told = found or tuple(sentences)
    named: Trigger = told[0]
    names: dict[Trigger, CheckName] = {
        "drift": "persistence",
        "performance": "persistence",
        "data": "new_data",
        "schedule": "schedule",
    }
    reason = " and ".join(dict.fromkeys(sentences[trigger] for trigger in told))
    return DecisionCheck(name=names[named], passed=bool(found), reason=reason)


def _lasting(what: str, shown: list[bool], watched: Watched) -> tuple[bool, str]:
    if watched.champion is None:
        return False, "no release is live"
    needed, last = watched.retraining.windows
    found = f"{sum(shown)} of the last {last} windows of release {watched.champion.release}"
    return sum(shown) >= needed, f"{what} was found in {found} ({needed} needed)"


def _new_data(watched: Watched) -> tuple[bool, str]:
    if watched.uploaded_at is None:
        return False, "no new training data were uploaded"
    uploaded = f"training data were uploaded at {moment(watched.uploaded_at)}"
    last = watched.history.last_complete
    if last is not None and watched.uploaded_at <= last.started_at:
        return False, f"{uploaded}, before the training at {moment(last.started_at)}"
    return True, f"new {uploaded}"


def _schedule(watched: Watched) -> tuple[bool, str]:
    last, days = watched.history.last_complete, watched.retraining.every_days
    if last is None or days is None:
        return False, "there was no training yet that could be repeated"
    age = (watched.now - last.started_at) / timedelta(days=1)
    return age >= days, f"the last training was {age:.1f} days ago ({days} are due)"


def moment(at: datetime) -> str:
    """A time as reasons name it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
