"""`lambdaloop ci`: pipelines for GitHub and GitLab, and what they say under a pull request."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.cli.output import console
from scripts.cli.pipeline_comment import diff_comment, metrics_comment
from scripts.cli.pipeline_files import FILES, default_branch, pipeline

app = typer.Typer(help="Pipelines for GitHub and GitLab: init, comment, diff.", no_args_is_help=True)


class Kind(StrEnum):
    """Where a pipeline runs."""

    GITHUB = "github"
    GITLAB = "gitlab"


@app.command("init")
def init(
    kind: Annotated[Kind, typer.Argument(help="Where it runs.")],
    stages: Annotated[
        str, typer.Option(help="Stages to deploy to, one after the other, comma-separated.")
    ] = "dev,staging,prod",
    branch: Annotated[
        str | None,
        typer.Option(help="What is pushed to it is deployed (default: the remote's default branch)."),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Root of the repository.")] = Path(),
    force: Annotated[bool, typer.Option(help="Replace an existing file.")] = False,
) -> None:
    """Write a pipeline: check, train offline and comment, compare, and deploy from stage to stage with approval."""
    path = folder / FILES[kind]
    if path.exists() and not force:
        console.print(f"{path} exists already: pass --force to replace it", style="red", highlight=False)
        raise typer.Exit(1)
    names = [name for name in (each.strip() for each in stages.split(",")) if name]
    if not names:
        raise typer.BadParameter("--stages is empty: name at least one")
    deployed = branch or default_branch(folder)
    text = pipeline(kind, names, deployed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    console.print(
        f"Wrote {path}: {' → '.join([deployed, *names])}. docs/ci.md says what to set up once.",
        highlight=False,
    )


@app.command("comment")
def comment(
    summaries: Annotated[
        Path, typer.Argument(help="A file of `lambdaloop demo --summary`, or a folder of them.")
    ],
    base: Annotated[
        Path | None, typer.Option(help="The same of the branch that this goes into, for what changed.")
    ] = None,
) -> None:
    """Print a comment for a pull request: metrics, gate and candidates of each model, in Markdown."""
    typer.echo(metrics_comment(_read(summaries), _read(base) if base else []))


@app.command("diff")
def diff(
    output: Annotated[Path, typer.Argument(help="What `cdk diff` printed.", exists=True, dir_okay=False)],
) -> None:
    """Print a comment for a pull request: what `cdk diff` found, folded, in Markdown."""
    typer.echo(diff_comment(output.read_text(encoding="utf-8")))


def _read(path: Path) -> list[dict[str, Any]]:
    files = sorted(path.glob("*.json")) if path.is_dir() else [path] if path.exists() else []
    # A demo that failed early knows no model's name; pipelines call the file so.
    return [{"model": file.stem, **json.loads(file.read_text(encoding="utf-8"))} for file in files]
