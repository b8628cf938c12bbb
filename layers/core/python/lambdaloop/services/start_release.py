"""Hands a new version over to the release workflow."""

import hashlib

from lambdaloop.ports import Workflows

_LONGEST_NAME = 80  # of a Step Functions execution


def start_release(
    *, model: str, version: int, run: str, requested_by: str, workflow: str, workflows: Workflows
) -> str:
    """ARN of the execution; a version that its run already handed over is not released twice."""
    return workflows.start(
        workflow=workflow,
        name=_name(model, version, run),
        document={
            "model": model,
            "version": version,
            "requested_by": requested_by,
            "reason": f"run {run} registered version {version}",
        },
    )


def _name(model: str, version: int, run: str) -> str:
    name = f"{model}-v{version}-{run}"
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{model}-v{version}-{hashlib.sha256(run.encode()).hexdigest()[:16]}"
