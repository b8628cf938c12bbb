"""`lambdaloop releases approve` and `reject`: a person's word on a release that waits for it.

The request is signed with the caller's credentials, and API Gateway tells the function whose they are: nobody can approve
in somebody else's name, and approving needs no right on the registry or the workflow, only on that one route.
"""

from typing import Annotated

import typer

from lambdaloop.domain.errors import LambdaloopError
from scripts.cli.arguments import Model, ReleaseNumber
from scripts.cli.output import AsJson, console, print_json
from scripts.cli.predict import SignedClient
from scripts.cli.stacks import find_deployment

Reason = Annotated[str, typer.Option(help="Why, for the audit trail.")]


class DecisionRefusedError(LambdaloopError):
    """The decision was not taken; the message says why."""


def approve(model: Model, number: ReleaseNumber, reason: Reason = "", as_json: AsJson = False) -> None:
    """Let a release take traffic that waits for consent. Somebody else must have asked for it."""
    _decide(model, number, "approve", reason, as_json=as_json)


def reject(model: Model, number: ReleaseNumber, reason: Reason = "", as_json: AsJson = False) -> None:
    """End a release that waits for consent; nothing has taken traffic."""
    _decide(model, number, "reject", reason, as_json=as_json)


def _decide(model: str, number: int, decision: str, reason: str, *, as_json: bool) -> None:
    url = f"{find_deployment(model).api_endpoint}/approvals/{model}"
    status, answer = SignedClient().post(url, {"release": number, "decision": decision, "reason": reason})
    if status != 200:
        raise DecisionRefusedError(_problem(status, answer, model))
    if as_json:
        print_json(answer)
    else:
        console.print(f"Release {number} of {model}: {answer['status']} by {answer['by']}", markup=False)


def _problem(status: int, answer: object, model: str) -> str:
    said = answer.get("error") or answer.get("message") if isinstance(answer, dict) else None
    if status == 404 and isinstance(answer, dict) and "type" not in answer:
        return f"the releases of {model} ask for no approval: its definition has no section release.approval"
    return str(said or f"the endpoint answered {status}")
