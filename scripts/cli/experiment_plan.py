"""`lambdaloop experiment plan`: how many units an experiment needs, or what it finds with those there will be, before it is started."""

import math
from collections.abc import Callable
from typing import Annotated, get_args

import typer

from lambdaloop.domain.experiment import Design
from scripts.cli.output import AsJson, print_fields, print_json


def plan(
    smallest_effect: Annotated[
        float | None, typer.Option(help="The difference that shall be found; says how many units that takes.")
    ] = None,
    units_per_arm: Annotated[
        int | None,
        typer.Option(
            help="Units that the smallest arm will have; says what they find, or how often they find the effect."
        ),
    ] = None,
    baseline: Annotated[
        float | None, typer.Option(help="For shares such as accuracy: the control's, such as 0.8.")
    ] = None,
    deviation: Annotated[
        float | None, typer.Option(help="For numbers such as rewards: their standard deviation per unit.")
    ] = None,
    arms: Annotated[int, typer.Option(help="Arms, the control included.", min=2)] = 2,
    control_share: Annotated[
        float | None, typer.Option(help="Percent of the control, the others share the rest (default: even).")
    ] = None,
    alpha: Annotated[
        float, typer.Option(help="How often a difference may be declared where there is none.")
    ] = 0.05,
    power: Annotated[float, typer.Option(help="How often the smallest effect is found.")] = 0.8,
    explained: Annotated[
        float, typer.Option(help="Share of the variance that is known from before the experiment.")
    ] = 0.0,
    units_per_day: Annotated[
        float | None, typer.Option(help="New units a day, all arms together: says how many days it takes.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how many units with an outcome an experiment needs, or what it finds: judged at every look, and judged once.

    A unit is an entity, or a request where none is followed, as in a stateless experiment.
    """
    # Imported here: they take half a second that no other command should pay for.
    from lambdaloop.experimentation import sample_size as sizes

    if (baseline is None) == (deviation is None):
        raise typer.BadParameter("give --baseline for shares or --deviation for numbers")
    if smallest_effect is None and units_per_arm is None:
        raise typer.BadParameter("give --smallest-effect, --units-per-arm, or both to learn the power")
    control = 100 / arms if control_share is None else control_share
    if not 0 < control < 100:
        raise typer.BadParameter(f"--control-share must be above 0 and below 100, got {control:g}")
    ratio = (100 - control) / (arms - 1) / control
    smallest = min(1.0, ratio)  # of the arms, beside the control

    def by_design(ask: Callable[[sizes.Plan], float]) -> dict[Design, float]:
        return {
            design: ask(
                sizes.Plan(
                    design=design,
                    alpha=alpha,
                    power=power,
                    contrasts=arms - 1,
                    ratio=ratio,
                    explained=explained,
                )
            )
            for design in get_args(Design)
        }

    try:
        outcome = sizes.Proportion(baseline) if baseline is not None else sizes.Mean(deviation or 0.0)
        if smallest_effect is None:
            in_control = round((units_per_arm or 0) / smallest)
            found = by_design(lambda plan: sizes.minimum_detectable_effect(outcome, in_control, plan))
            _print_found("effect", f"found {power:.0%} of the time", found, as_json=as_json)
            return
        if units_per_arm is not None:
            effect, in_control = smallest_effect, round(units_per_arm / smallest)
            found = by_design(lambda plan: sizes.power(outcome, effect, in_control, plan))
            _print_found("power", f"how often {effect:g} is found", found, as_json=as_json)
            return
        effect = smallest_effect
        needed = by_design(lambda plan: sizes.sample_size(outcome, effect, plan))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    per_arm = {design: -int(-units * smallest // 1) for design, units in needed.items()}
    units = round(needed["sequential"] * 100 / control)
    document = {
        "units_per_arm": per_arm["sequential"],
        "units": units,
        "days": None if units_per_day is None else units / units_per_day,
        "units_per_arm_looked_at_once": per_arm["fixed"],
    }
    if as_json:
        print_json(document)
        return
    print_fields(
        f"To find a difference of {effect:g} in {power:.0%} of all experiments",
        {
            "units in the smallest arm": document["units_per_arm"],
            "units": document["units"],
            "days": document["days"],
            "in the smallest arm, if judged only once": per_arm["fixed"],
            "that is": f"experiment start --design fixed --units-per-arm {per_arm['fixed']}",
        },
    )


def _print_found(what: str, title: str, found: dict[Design, float], *, as_json: bool) -> None:
    if as_json:
        known = {design: number if math.isfinite(number) else None for design, number in found.items()}
        print_json({what: known["sequential"], f"{what}_looked_at_once": known["fixed"]})
        return
    print_fields(
        f"{what.capitalize()}: {title}",
        {
            "judged at every look": f"{found['sequential']:.4g}",
            "judged only once": f"{found['fixed']:.4g}",
        },
    )
