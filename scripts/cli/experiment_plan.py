"""`lambdaloop experiment plan`: how many units an experiment needs, before it is started."""

from typing import Annotated, Literal

import typer

from scripts.cli.output import AsJson, print_fields, print_json


def plan(
    smallest_effect: Annotated[float, typer.Option(help="The difference that shall be found.")],
    baseline: Annotated[
        float | None, typer.Option(help="For shares such as accuracy: the control's, such as 0.8.")
    ] = None,
    deviation: Annotated[
        float | None, typer.Option(help="For numbers such as rewards: their standard deviation per entity.")
    ] = None,
    arms: Annotated[int, typer.Option(help="Arms, the control included.", min=2)] = 2,
    alpha: Annotated[
        float, typer.Option(help="How often a difference may be declared where there is none.")
    ] = 0.05,
    power: Annotated[float, typer.Option(help="How often the smallest effect is found.")] = 0.8,
    explained: Annotated[
        float, typer.Option(help="Share of the variance that is known from before the experiment.")
    ] = 0.0,
    units_per_day: Annotated[
        float | None, typer.Option(help="New entities a day, all arms together: says how many days it takes.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how many entities with an outcome each arm needs: looked at all the time, and looked at once."""
    # Imported here: they take half a second that no other command should pay for.
    from lambdaloop.experimentation.sample_size import Mean, Plan, Proportion, sample_size

    if (baseline is None) == (deviation is None):
        raise typer.BadParameter("give --baseline for shares or --deviation for numbers")
    outcome = Proportion(baseline) if baseline is not None else Mean(deviation or 0.0)
    needed: dict[str, int] = {}
    designs: tuple[Literal["sequential", "fixed"], ...] = ("sequential", "fixed")
    try:
        for design in designs:
            wanted = Plan(design=design, alpha=alpha, power=power, contrasts=arms - 1, explained=explained)
            needed[design] = sample_size(outcome, smallest_effect, wanted)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    document = {
        "units_per_arm": needed["sequential"],
        "units": arms * needed["sequential"],
        "days": None if units_per_day is None else arms * needed["sequential"] / units_per_day,
        "units_per_arm_looked_at_once": needed["fixed"],
    }
    if as_json:
        print_json(document)
        return
    print_fields(
        f"To find a difference of {smallest_effect:g} in {power:.0%} of all experiments",
        {
            "units per arm": document["units_per_arm"],
            "units": document["units"],
            "days": document["days"],
            "per arm, if looked at only once at the end": document["units_per_arm_looked_at_once"],
        },
    )
