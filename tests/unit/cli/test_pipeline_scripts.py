"""What the shell of a pipeline does, run with commands that write down how they were called."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from scripts.cli.pipeline_files import FILES, pipeline


def github_step(job: str, name: str) -> str:
    jobs = yaml.safe_load(pipeline("github", ["dev"], "main"))["jobs"]
    [script] = [step["run"] for step in jobs[job]["steps"] if step.get("name") == name]
    return str(script)


def training(kind: str) -> str:
    if kind == "github":
        return github_step("train", "Train, gate, release and predict on the local cloud")
    return "\n".join(yaml.safe_load(pipeline("gitlab", ["dev"], "main"))["train"]["script"])


def command(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


def run(
    script: str, folder: Path, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Three models, of which the first one is rejected and the last one has no data."""
    command(tmp_path / "scripts" / "setup", "exit 0")
    command(tmp_path / "scripts" / "demo", 'echo "$@" >>demos; [[ "$*" != *churn* ]]')
    for folder, ending, names in (
        ("models", "yaml", ("churn", "credit", "later")),
        ("data", "csv", ("churn", "credit")),
    ):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / f"{name}.{ending}").touch()
    return tmp_path


@pytest.mark.parametrize("kind", list(FILES))
def test_a_model_that_fails_does_not_keep_the_others_from_being_trained_and_fails_the_job(
    kind: str, checkout: Path
) -> None:
    ended = run(training(kind), checkout)
    assert ended.returncode == 1
    assert "Not released: churn\n" in ended.stdout
    assert [line.split()[1] for line in (checkout / "demos").read_text().splitlines()] == [
        "models/churn.yaml",
        "models/credit.yaml",
    ]
    (checkout / "data" / "churn.csv").unlink()
    assert run(training(kind), checkout).returncode == 0


def test_each_comment_is_written_once_and_then_anew_and_never_over_another_one(tmp_path: Path) -> None:
    # A pull request that has a comment of ours about metrics, none about the difference.
    listing = 'case "$*" in *"--jq"*"lambdaloop metrics"*) printf "7\\n" ;; *) echo "$@" >>calls ;; esac'
    command(tmp_path / "bin" / "gh", f'[[ "$*" == *--jq*diff* ]] || {{ {listing}; }}')
    for about in ("metrics", "diff"):
        (tmp_path / f"{about}.md").write_text("$(touch reached) `touch reached`")
    script = github_step("comment", "One comment each, the same one every time")
    ended = run(script, tmp_path, {"GITHUB_REPOSITORY": "acme/churn", "NUMBER": "3"})
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "calls").read_text().splitlines() == [
        "api --silent --method PATCH repos/acme/churn/issues/comments/7 --field body=@metrics.md",
        "api --silent repos/acme/churn/issues/3/comments --field body=@diff.md",
    ]
    assert not (tmp_path / "reached").exists()


def test_a_job_that_came_to_nothing_writes_no_comment(tmp_path: Path) -> None:
    command(tmp_path / "bin" / "gh", "exit 1")
    (tmp_path / "metrics.md").touch()
    assert run(github_step("comment", "One comment each, the same one every time"), tmp_path).returncode == 0
