"""The `lambdaloop` command line: what its commands are and how their failures look."""

import sys

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from lambdaloop.domain.errors import LambdaloopError
from scripts.cli import (
    approvals,
    console,
    decisions,
    demo,
    experiment,
    features,
    feedback,
    init,
    keys,
    local,
    predict,
    releases,
    report,
    retrain,
    rollback,
    runs,
    train,
    versions,
    windows,
)

app = typer.Typer(
    name="lambdaloop",
    help="A closed MLOps loop on AWS with no servers. Set AWS_ENDPOINT_URL to use the local cloud.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("init")(init.init)
app.command("train")(train.train)
app.command("retrain")(retrain.retrain)
app.command("rollback")(rollback.rollback)
app.command("predict")(predict.predict)
app.command("feedback")(feedback.feedback)
app.command("report")(report.report)
app.command("console")(console.console)
app.command("demo")(demo.demo)
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


def main() -> None:
    """Run a command; a problem that was foreseen is one red line and exit status 1, not a traceback."""
    try:
        app()
    except (LambdaloopError, ClientError, BotoCoreError) as error:
        Console(stderr=True).print(f"lambdaloop: {error}", style="red", highlight=False, markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
