"""The `lambdaloop` command line: what its commands are and how their failures look."""

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from lambdaloop.domain.errors import LambdaloopError, StageInvalidError
from lambdaloop.domain.stage import ONLY
from scripts.cli import (
    approvals,
    ci,
    console,
    cost,
    data,
    decisions,
    demo,
    doctor,
    experiment,
    features,
    feedback,
    importing,
    init,
    keys,
    local,
    models,
    predict,
    releases,
    report,
    retrain,
    rollback,
    runs,
    train,
    versions,
    watch,
    windows,
)
from scripts.cli.arguments import complete_models
from scripts.cli.failures import next_step, status_of
from scripts.cli.stacks import STAGE, stack_names

app = typer.Typer(
    name="lambdaloop",
    help="A closed MLOps loop on AWS with no servers. Set AWS_ENDPOINT_URL to use the local cloud.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def choose(
    stage: Annotated[
        str | None,
        typer.Option(
            envvar=STAGE, help="The stage to work on, such as dev (default: the deployment without one)."
        ),
    ] = None,
) -> None:
    """Commands find the stacks of the stage by their names."""
    if stage:
        os.environ[STAGE] = stage


app.command("init")(init.init)
app.command("cost")(cost.cost)
app.command("doctor")(doctor.doctor)
app.add_typer(data.app, name="data")
app.command("models")(models.models)
app.command("alarms")(models.alarms)
app.command("train")(train.train)
app.command("watch")(watch.watch)
app.command("retrain")(retrain.retrain)
app.command("rollback")(rollback.rollback)
app.command("predict")(predict.predict)
app.command("feedback")(feedback.feedback)
app.command("report")(report.report)
app.command("console")(console.console)
app.command("demo")(demo.demo)
versions.app.command("import")(importing.import_version)
app.add_typer(versions.app, name="versions")
releases.app.command("approve")(approvals.approve)
releases.app.command("reject")(approvals.reject)
app.add_typer(releases.app, name="releases")
app.add_typer(runs.app, name="runs")
app.add_typer(windows.app, name="windows")
app.add_typer(decisions.app, name="decisions")
app.add_typer(experiment.app, name="experiment")
app.add_typer(keys.app, name="keys")
app.add_typer(features.app, name="features")
app.command("events")(runs.events)
app.add_typer(local.app, name="local")
app.add_typer(ci.app, name="ci")


def main(run: Callable[[], None] = app) -> None:
    """Run a command; a problem that was foreseen is one red line, what to type next and an exit status, not a traceback."""
    try:
        run()
    except (LambdaloopError, ClientError, BotoCoreError) as error:
        console = Console(stderr=True)
        names = ONLY if isinstance(error, StageInvalidError) else stack_names()
        console.print(f"lambdaloop: {names.told(str(error))}", style="red", highlight=False, markup=False)
        model = next((word for word in sys.argv[1:] if word in complete_models("")), None)
        if step := next_step(error, model=model, local="AWS_ENDPOINT_URL" in os.environ, names=names):
            console.print(f"Next: `{step}`", highlight=False, markup=False)
        sys.exit(status_of(error))


if __name__ == "__main__":
    main()
