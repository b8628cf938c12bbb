"""How an experiment looks on the command line."""

from lambdaloop.domain.experiment import ArmFigures, Contrast, Experiment, Look
from scripts.cli.output import console, print_fields, print_table

_COLOURS = {
    "better": "green",
    "equal": "cyan",
    "undecided": "yellow",
    "harmful": "red",
    "invalid": "red",
}


def print_experiment(experiment: Experiment) -> None:
    """One experiment and its newest look."""
    rules = experiment.rules
    print_fields(
        f"Experiment {experiment.id} of {experiment.model}",
        {
            "status": experiment.status,
            "outcome": f"{rules.outcome}, smallest effect {rules.smallest_effect:g}, alpha {rules.alpha:g}",
            "judged": "at every look"
            if rules.units_per_arm is None
            else f"once, with {rules.units_per_arm:,} units in every arm",
            "traffic": _traffic(experiment),
            "unit": "a request: who asks again may get the other arm"
            if experiment.is_stateless
            else "an entity, or a request without one",
            "release": experiment.release,
            "started": experiment.started_at,
            "ended": experiment.ended_at,
            "stays": experiment.winner,
            "because": experiment.conclusion,
        },
    )
    look = experiment.looks[-1] if experiment.looks else None
    contrasts = {each.arm: each for each in look.contrasts} if look else {}
    print_table(
        "Arms",
        ("arm", "version", "share", "units", "with outcome", "mean outcome", "difference from control"),
        (
            (
                arm.name,
                arm.version,
                f"{arm.share / 100:g} %",
                *_figures(look.figures.get(arm.name) if look else None),
                difference_text(contrasts.get(arm.name)),
            )
            for arm in experiment.arms
        ),
    )
    if look is not None:
        _print_look(look)


def difference_text(contrast: Contrast | None) -> str | None:
    """A difference with its confidence sequence.

    >>> difference_text(Contrast(arm="new", difference=0.02, low=0.011, high=0.03))
    '+0.0200 (+0.0110 to +0.0300)'
    """
    if contrast is None or contrast.difference is None:
        return None
    if contrast.low is None or contrast.high is None:
        return f"{contrast.difference:+.4f}"
    return f"{contrast.difference:+.4f} ({contrast.low:+.4f} to {contrast.high:+.4f})"


def _traffic(experiment: Experiment) -> str:
    if experiment.is_stateless:
        return "all requests, split by the weights of the live alias"
    return f"{experiment.buckets / 100:g} % of namespace {experiment.namespace}"


def _figures(figures: ArmFigures | None) -> tuple[int | None, int | None, float | None]:
    if figures is None:
        return None, None, None
    mean = figures.total / figures.measured if figures.measured else None
    return figures.units, figures.measured, mean


def _print_look(look: Look) -> None:
    console.print(
        f"{look.at:%Y-%m-%d %H:%M} UTC: {look.verdict}: {look.reason}",
        style=_COLOURS[look.verdict],
        highlight=False,
        markup=False,
    )
