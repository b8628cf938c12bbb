"""The pipelines that `lambdaloop ci init` writes: one file for GitHub or GitLab, a job for each stage, each after the one before."""

from collections.abc import Sequence
from pathlib import Path

from lambdaloop.domain.stage import Stage

FILES = {"github": Path(".github/workflows/lambdaloop.yml"), "gitlab": Path(".gitlab-ci.yml")}
"""Where each of them looks."""
_TEMPLATES = Path(__file__).with_name("pipelines")
_BEFORE = {"github": ["check", "train"], "gitlab": ["check", "train"]}


def pipeline(kind: str, stages: Sequence[str]) -> str:
    """The text of a pipeline through these stages, the first one first; StageInvalidError for what cannot be one."""
    for name in stages:
        Stage(name)
    head = _template(f"{kind}.yml").replace("FIRST_STAGE", stages[0])
    needs, jobs = _BEFORE[kind], []
    for place, name in enumerate(stages):
        job = _template(f"{kind}-stage.yml").replace("STAGE", name).replace("NEEDS", f"[{', '.join(needs)}]")
        # What comes first deploys by itself; what comes after it waits for a person.
        jobs.append(job.replace("WHEN", "manual" if place else "on_success"))
        needs = [f"deploy-{name}"]
    return head + "".join(jobs)


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
