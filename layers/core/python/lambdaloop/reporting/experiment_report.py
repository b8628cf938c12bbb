"""The report of an experiment: how sure the difference became over time, whether it was sound, and what was concluded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.experiment import Arm, Experiment, Look
from lambdaloop.reporting.experiment_charts import arms_section, sequences_section, soundness_section
from lambdaloop.reporting.markup import Content
from lambdaloop.reporting.page import Section, Tile, Tone, badge, facts, page, table, verdict
from lambdaloop.reporting.scales import moment, percent, short
from lambdaloop.reporting.words import code, known_moment, sentence

_TONES: Mapping[str, Tone] = {
    "undecided": "idle",
    "better": "good",
    "equal": "idle",
    "harmful": "bad",
    "invalid": "bad",
    "starting": "idle",
    "running": "warn",
    "concluding": "warn",
    "concluded": "good",
    "stopped": "idle",
    "failed": "bad",
}
_SHOWN_LOOKS = 48
_OUTCOMES = {
    "correct": "the share of predictions that were right (more is better)",
    "squared_error": "the mean squared error (less is better)",
    "reward": "the mean reward that was posted with the label (more is better)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentPage:
    """An experiment and all of its looks."""

    experiment: Experiment
    looks: Sequence[Look]
    """Oldest first."""


def experiment_report(found: ExperimentPage, *, written_at: datetime) -> str:
    """The page."""
    experiment, looks = found.experiment, found.looks
    sections: list[Section | None] = [
        sequences_section(experiment, looks),
        arms_section(experiment, looks),
        soundness_section(experiment, looks),
        _decision(experiment, looks),
        _about(experiment),
        _looks(looks),
    ]
    said = experiment.verdict or (looks[-1].verdict if looks else "undecided")
    return page(
        kind="Experiment report",
        title=f"{experiment.model}, experiment {experiment.id}",
        badges=[badge(experiment.status, _TONES[experiment.status]), badge(said, _TONES[said])],
        summary=verdict(_sentence(experiment, looks), tone=_TONES[said]),
        tiles=_tiles(experiment, looks),
        sections=[each for each in sections if each],
        written_at=written_at,
    )


def _sentence(experiment: Experiment, looks: Sequence[Look]) -> str:
    if experiment.conclusion:
        stays = f" Arm {experiment.winner} stays." if experiment.winner else ""
        return sentence(experiment.conclusion) + stays
    if looks:
        return sentence(looks[-1].reason)
    return "It was not looked at yet: the first look comes with the next hour."


def _tiles(experiment: Experiment, looks: Sequence[Look]) -> list[Tile]:
    tiles = []
    if looks:
        last = looks[-1]
        units = sum(each.units for each in last.figures.values())
        measured = sum(each.measured for each in last.figures.values())
        tiles.append(Tile(label="units", value=f"{units:,}", note=f"{measured:,} with an outcome"))
        for each in last.contrasts[:2]:
            sure = "" if each.low is None or each.high is None else f"{short(each.low)} to {short(each.high)}"
            tiles.append(
                Tile(
                    label=f"{each.arm} − {experiment.control.name}",
                    value=_signed(each.difference),
                    note=sure or None,
                )
            )
        tiles.append(
            Tile(
                label="arms have the units that they should",
                value=f"p = {short(last.sample_ratio_p, digits=2)}",
                note="below 0.001 something is wrong",
            )
        )
    since = experiment.started_at or experiment.created_at
    until = experiment.ended_at or (looks[-1].at if looks else since)
    tiles.append(
        Tile(
            label="days",
            value=short((until - since).total_seconds() / 86_400, digits=2),
            note=f"{len(looks)} looks",
        )
    )
    return tiles


def _decision(experiment: Experiment, looks: Sequence[Look]) -> Section:
    rules = experiment.rules
    pairs: dict[str, Content] = {
        "verdict": badge(experiment.verdict, _TONES[experiment.verdict]) if experiment.verdict else None,
        "because": experiment.conclusion or (looks[-1].reason if looks else None),
        "arm that stays": experiment.winner,
        "ended": known_moment(experiment.ended_at),
        "measured by": _OUTCOMES[rules.outcome],
        "a difference that matters": short(rules.smallest_effect),
        "harm that ends it": short(rules.smallest_effect if rules.max_harm is None else rules.max_harm),
        "wrongly declared, at most": percent(rules.alpha, places=0),
        "judged": "at every look, by confidence sequences"
        if rules.design == "sequential"
        else f"once, by a test, at {rules.units_per_arm or 0:,} units with an outcome in every arm",
        "shares": "follow the outcomes (Thompson sampling)"
        if rules.policy == "thompson"
        else "stay as they are",
        "without a difference": "the control stays"
        if rules.on_equal == "keep"
        else "the first other arm takes over",
        "ends without an answer after": f"{rules.max_days} days",
        "failed requests of an arm": f"at most {percent(rules.max_error_rate)}",
        "carried out": "by itself" if rules.automatic else "by people",
    }
    return Section(
        id="decision",
        title="Decision",
        lead="What was concluded, by rules that were fixed before.",
        content=[facts(pairs)],
    )


def _about(experiment: Experiment) -> Section:
    arms = table(
        ("arm", "version", "share of the participants"),
        ((_named(arm, experiment), arm.version, percent(arm.share / 10_000)) for arm in experiment.arms),
        label="Arms",
        numbers=(1, 2),
    )
    pairs: dict[str, Content] = {
        "asked for by": experiment.requested_by,
        "reason": experiment.reason,
        "created": moment(experiment.created_at),
        "started": known_moment(experiment.started_at),
        "release": experiment.release,
        "who gets which arm": "each request anew, by the weights of the alias"
        if experiment.is_stateless
        else "a hash of the entity decides, so nobody changes arms",
        "participants": None
        if experiment.is_stateless
        else f"{percent(experiment.buckets / 10_000)} of namespace {experiment.namespace}",
        "salt": None if experiment.is_stateless else code(experiment.salt),
    }
    return Section(id="about", title="The experiment", content=[arms, facts(pairs)])


def _looks(looks: Sequence[Look]) -> Section | None:
    if not looks:
        return None
    shown = looks[-_SHOWN_LOOKS:]
    rows = (
        (
            moment(each.at),
            badge(each.verdict, _TONES[each.verdict]),
            "; ".join(f"{one.arm}: {_signed(one.difference)}" for one in each.contrasts) or "–",
            f"{sum(figures.units for figures in each.figures.values()):,}",
            each.reason,
        )
        for each in reversed(shown)
    )
    return Section(
        id="looks",
        title="Looks",
        lead=f"The newest {len(shown)} of {len(looks)}."
        if len(shown) < len(looks)
        else "Every look, the newest first.",
        content=[table(("at", "verdict", "difference", "units", "why"), rows, label="Looks", numbers=(3,))],
    )


def _named(arm: Arm, experiment: Experiment) -> Content:
    return [arm.name, " ", badge("control")] if arm == experiment.control else arm.name


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{'+' if value > 0 else ''}{short(value)}"
