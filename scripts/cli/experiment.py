"""`lambdaloop experiment`: versions side by side until the numbers say which one stays."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, get_args

import typer

from lambdaloop.adapters.dynamo_registry import DynamoRegistry
from lambdaloop.domain.alias import CHAMPION
from lambdaloop.domain.documents import Document, from_document, to_document
from lambdaloop.domain.errors import ExperimentNotFoundError, LambdaloopError, ModelNotReleasedError
from lambdaloop.domain.experiment import Arm, Design, Experiment, ExperimentRules, OnEqual, Outcome, Policy
from lambdaloop.domain.experiment_life import execution_of
from lambdaloop.domain.experiment_request import ExperimentRequest, split_evenly
from lambdaloop.domain.namespace import BUCKETS
from scripts.cli.arguments import Model
from scripts.cli.caller import caller_name
from scripts.cli.executions import follow
from scripts.cli.experiment_plan import plan
from scripts.cli.experiment_story import print_experiment
from scripts.cli.invoking import ask
from scripts.cli.output import AsJson, console, print_json, print_table
from scripts.cli.stacks import Deployment, find_deployment, stack_names

app = typer.Typer(help="Experiments: plan, start, status, ramp, conclude, stop, list.", no_args_is_help=True)
app.command("plan")(plan)

Id = Annotated[str | None, typer.Option("--id", help="Id of the experiment (default: the present one).")]
Wait = Annotated[bool, typer.Option(help="Follow the release that this starts to its end.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit trail.")]

_CONTROL = "control"
_FUNCTION = "the function of experiments"


@app.command("start")
def start(
    model: Model,
    arm: Annotated[
        list[str], typer.Option(help="NAME=VERSION of an arm beside the control; may be given again.")
    ],
    smallest_effect: Annotated[
        float, typer.Option(help="The difference of the mean outcome that is worth a change.")
    ],
    outcome: Annotated[str, typer.Option(help="correct, squared_error or reward.")] = "correct",
    shares: Annotated[
        str | None,
        typer.Option(help="Percent for each arm, the control first, such as 80,20 (default: even)."),
    ] = None,
    participants: Annotated[
        float, typer.Option(help="Percent of all entities that take part; the others get the control.")
    ] = 100.0,
    stateless: Annotated[
        bool,
        typer.Option(
            "--stateless",
            help="Split requests, not entities: the one other arm is a release beside the live one, and the platform chooses.",
        ),
    ] = False,
    namespace: Annotated[
        str | None, typer.Option(help="Experiments of one namespace share no entity (default: the model's).")
    ] = None,
    alpha: Annotated[
        float, typer.Option(help="How often a difference may be declared where there is none.")
    ] = 0.05,
    design: Annotated[
        str,
        typer.Option(help="sequential: judged at every look; fixed: judged once, when its units are there."),
    ] = "sequential",
    units_per_arm: Annotated[
        int | None,
        typer.Option(help="Units with an outcome in every arm when a fixed design is judged; see `plan`."),
    ] = None,
    min_units: Annotated[
        int, typer.Option(help="Units with an outcome per arm before anything is said.")
    ] = 100,
    max_days: Annotated[int, typer.Option(help="When it ends without an answer.")] = 30,
    max_harm: Annotated[
        float | None,
        typer.Option(help="An arm that is worse by more than this ends it (default: smallest effect)."),
    ] = None,
    max_error_rate: Annotated[float, typer.Option(help="Largest fraction of requests that may fail.")] = 0.01,
    policy: Annotated[
        str, typer.Option(help="fixed shares, or thompson: shares follow the outcomes.")
    ] = "fixed",
    on_equal: Annotated[
        str, typer.Option(help="Without a difference: keep the control or promote the first arm.")
    ] = "keep",
    automatic: Annotated[
        bool, typer.Option("--automatic/--by-hand", help="Whether the answer is carried out by itself.")
    ] = True,
    identity: Annotated[
        str | None, typer.Option("--id", help="Its id (default: made from the date).")
    ] = None,
    reason: Reason = "asked for on the command line",
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Let versions answer side by side: the same entity always gets the same arm, unless it is --stateless.

    The control is the champion. What entities do is judged every hour, and the answer is carried out by a release.
    """
    deployment = find_deployment(model)
    registry = DynamoRegistry(table=deployment.registry_table)
    champion = registry.alias(model, CHAMPION)
    if champion is None:
        raise ModelNotReleasedError(f"model {model!r} has no champion: release a version first")
    request = ExperimentRequest(
        id=identity or f"{datetime.now(UTC):%Y%m%d}-{uuid.uuid4().hex[:6]}",
        arms=_arms([(_CONTROL, champion.version), *map(_parsed, arm)], shares),
        rules=ExperimentRules(
            outcome=_checked(outcome, Outcome, "--outcome"),
            smallest_effect=smallest_effect,
            alpha=alpha,
            design=_checked(design, Design, "--design"),
            units_per_arm=units_per_arm,
            min_units=min_units,
            max_days=max_days,
            max_harm=max_harm,
            max_error_rate=max_error_rate,
            policy=_checked(policy, Policy, "--policy"),
            on_equal=_checked(on_equal, OnEqual, "--on-equal"),
            automatic=automatic,
        ),
        namespace=namespace,
        assignment="stateless" if stateless else "sticky",
        buckets=round(participants / 100 * BUCKETS),
        requested_by=caller_name(),
        reason=reason,
    )
    started = from_document(
        Experiment, ask(deployment.experiment_starter, to_document(request), what=_FUNCTION)
    )
    _finish(deployment, started, wait=wait, as_json=as_json)


@app.command("status")
def status(model: Model, identity: Id = None, as_json: AsJson = False) -> None:
    """Show an experiment: its arms, what they showed so far, and what is said of it."""
    experiment = find_experiment(find_deployment(model), identity)
    if as_json:
        print_json(to_document(experiment))
    else:
        print_experiment(experiment)


@app.command("list")
def list_experiments(model: Model, as_json: AsJson = False) -> None:
    """List the experiments of a model, newest first."""
    experiments = DynamoRegistry(table=find_deployment(model).registry_table).experiments(model)
    if as_json:
        print_json([to_document(each) for each in experiments])
        return
    print_table(
        f"Experiments of {model}",
        ("id", "status", "arms", "started", "ended", "verdict", "stays"),
        (
            (
                each.id,
                each.status,
                ", ".join(f"{one.name} v{one.version}" for one in each.arms),
                each.started_at,
                each.ended_at,
                each.verdict,
                each.winner,
            )
            for each in experiments
        ),
    )


@app.command("ramp")
def ramp(
    model: Model,
    participants: Annotated[
        float | None, typer.Option(help="Percent of all entities that take part from now on.")
    ] = None,
    share: Annotated[
        float | None,
        typer.Option(help="Of a stateless experiment: percent of all requests that the other arm answers."),
    ] = None,
    identity: Id = None,
    reason: Reason = "asked for on the command line",
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Let more entities take part, who keep their arm; or give the other arm of a stateless experiment another share."""
    _order(model, _ramp(participants, share), identity, reason, wait=wait, as_json=as_json)


@app.command("conclude")
def conclude(
    model: Model,
    arm: Annotated[
        str | None, typer.Option(help="The arm that stays (default: what the numbers say).")
    ] = None,
    identity: Id = None,
    reason: Reason = "asked for on the command line",
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """End an experiment with its answer: a release of the arm that stays."""
    _order(model, {"kind": "conclude", "arm": arm}, identity, reason, wait=wait, as_json=as_json)


@app.command("stop")
def stop(
    model: Model,
    identity: Id = None,
    reason: Reason = "asked for on the command line",
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """End an experiment without an answer: a release of the control."""
    _order(model, {"kind": "stop"}, identity, reason, wait=wait, as_json=as_json)


def find_experiment(deployment: Deployment, identity: str | None) -> Experiment:
    """The named one; or the one under way, or else the newest. ExperimentNotFoundError."""
    registry = DynamoRegistry(table=deployment.registry_table)
    if identity is not None:
        return registry.experiment(deployment.model, identity)
    current = registry.current_experiment(deployment.model)
    if current is not None:
        return current
    for experiment in registry.experiments(deployment.model):
        return experiment
    raise ExperimentNotFoundError(
        f"model {deployment.model!r} has no experiment yet: "
        f"start one with `{stack_names().command(f'experiment start {deployment.model}')}`"
    )


def advance(deployment: Deployment, order: Document | None = None) -> Document:
    """Have the experiment go on with whatever is due, or with an order."""
    return ask(deployment.experiment_advancer, {"order": order} if order else {}, what=_FUNCTION)


def _order(
    model: str, order: Document, identity: str | None, reason: str, *, wait: bool, as_json: bool
) -> None:
    deployment = find_deployment(model)
    experiment = find_experiment(deployment, identity)
    by = {"experiment": experiment.id, "requested_by": caller_name(), "reason": reason}
    advance(deployment, {name: value for name, value in (order | by).items() if value is not None})
    _finish(deployment, find_experiment(deployment, experiment.id), wait=wait, as_json=as_json)


def _finish(deployment: Deployment, experiment: Experiment, *, wait: bool, as_json: bool) -> None:
    """Follow the release that the experiment asked for; exit status 1 when it did not come to what was wanted."""
    if wait and experiment.ended_at is None:
        workflow = deployment.release_workflow.replace(":stateMachine:", ":execution:")
        follow(f"{workflow}:{execution_of(experiment)}")
        advance(deployment)
        experiment = find_experiment(deployment, experiment.id)
    if as_json:
        print_json(to_document(experiment))
    else:
        print_experiment(experiment)
        if experiment.status in ("starting", "concluding"):
            console.print(
                f"It goes on by itself; see `{stack_names().command(f'experiment status {deployment.model}')}`.",
                style="dim",
            )
    if experiment.status == "failed":
        raise typer.Exit(1)


def _ramp(participants: float | None, share: float | None) -> Document:
    if (participants is None) == (share is None):
        raise typer.BadParameter("give --participants for entities, or --share for a stateless experiment")
    if participants is not None:
        return {"kind": "ramp", "buckets": round(participants / 100 * BUCKETS)}
    buckets = round((share or 0.0) / 100 * BUCKETS)
    return {"kind": "reshare", "shares": [BUCKETS - buckets, buckets]}


class ArmTextError(LambdaloopError):
    """An arm was not given as NAME=VERSION."""


def _parsed(text: str) -> tuple[str, int]:
    name, _, version = text.partition("=")
    if not version.isdigit():
        raise ArmTextError(f"--arm must be NAME=VERSION such as challenger=7, got {text!r}")
    return name, int(version)


def _arms(named: list[tuple[str, int]], shares: str | None) -> tuple[Arm, ...]:
    wanted = split_evenly(len(named)) if shares is None else tuple(round(p * 100) for p in _percents(shares))
    if len(wanted) != len(named):
        raise typer.BadParameter(
            f"--shares must name {len(named)} percentages, the control's first, got {shares!r}"
        )
    return tuple(
        Arm(name=name, version=version, share=share)
        for (name, version), share in zip(named, wanted, strict=True)
    )


def _percents(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise typer.BadParameter(f"--shares must be percentages such as 80,20, got {text!r}") from error


def _checked(value: str, kind: Any, option: str) -> Any:
    """The value, one of a Literal's."""
    if value not in get_args(kind):
        raise typer.BadParameter(f"{option} must be one of {', '.join(get_args(kind))}, got {value!r}")
    return value
