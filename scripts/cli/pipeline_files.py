"""The pipelines that `lambdaloop ci init` writes: one file for GitHub or GitLab, a job for each stage, each after the one before."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lambdaloop.domain.errors import LambdaloopError
from lambdaloop.domain.stage import Stage

FILES = {"github": Path(".github/workflows/lambdaloop.yml"), "gitlab": Path(".gitlab-ci.yml")}
"""Where each of them looks."""
_BRANCH = re.compile(r"[\w./-]+")
_TEMPLATES = Path(__file__).with_name("pipelines")
_BEFORE = {"github": ["check", "train"], "gitlab": ["check", "train"]}


class BranchInvalidError(LambdaloopError):
    """A branch that a pipeline would take for a pattern, or for more than a name."""


def pipeline(kind: str, stages: Sequence[str], branch: str) -> str:
    """The text of a pipeline from this branch through these stages, the first one first.

    StageInvalidError or BranchInvalidError for what cannot be one.
    """
    for name in stages:
        Stage(name)
    if not _BRANCH.fullmatch(branch):
        raise BranchInvalidError(f"branch {branch!r} is no plain name: use letters, digits, and ._/-")
    head = _template(f"{kind}.yml").replace("FIRST_STAGE", stages[0])
    needs, jobs = _BEFORE[kind], []
    for place, name in enumerate(stages):
        job = _template(f"{kind}-stage.yml").replace("STAGE", name).replace("NEEDS", f"[{', '.join(needs)}]")
        # What comes first deploys by itself; what comes after it waits for a person.
        jobs.append(job.replace("WHEN", "manual" if place else "on_success"))
        needs = [f"deploy-{name}"]
    return (head + "".join(jobs)).replace("DEPLOYED_BRANCH", branch)


def default_branch(folder: Path) -> str:
    """What the clone in this folder remembers as its remote's default branch, asked without a network; else main."""
    git = shutil.which("git")
    if git is None:
        return "main"
    asked = subprocess.run(
        [git, "-C", str(folder), "symbolic-ref", "--short", "refs/remotes/origin/HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip().removeprefix("origin/") or "main"


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
