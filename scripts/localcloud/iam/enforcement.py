"""Stands in front of moto and lets through only what the caller's policies allow."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.iam import actions, denial
from scripts.localcloud.iam.conditions import UnsupportedPolicyError
from scripts.localcloud.iam.policy import Access, Decision, decide
from scripts.localcloud.iam.principals import Principal, Principals
from scripts.localcloud.iam.requests import (
    SERVICE_OF_SIGNING_NAME,
    Signer,
    guessed_protocol,
    parse,
    protocol_of,
    signer_of,
)
from scripts.localcloud.iam.usage import Usage

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# The roles of `cdk bootstrap` are the CDK CLI's business: which operations it uses changes with its version.
_CDK_ROLE = re.compile(r"cdk-\w+-(deploy|file-publishing|image-publishing|lookup|cfn-exec)-role-.*")


class Iam:
    """The one authority of a local cloud: knows keys, decides, records."""

    def __init__(self) -> None:
        self.principals = Principals()
        self.usage = Usage()

    def authorize(self, principal: Principal, access: Access) -> Decision:
        """Decide and record one access; the owner of the account may do everything.

        Raises UnsupportedPolicyError where a policy of the caller uses something that is not emulated.
        """
        if principal.is_root:
            return Decision(allowed=True)
        decision = decide(principal.policies(), access, _context(principal))
        self.usage.record(principal, access, allowed=decision.allowed)
        return decision

    def refusal(self, signer: Signer, environ: "WSGIEnvironment") -> tuple[str, str] | None:
        """Error code and message for a request that must not reach moto, None for one that may."""
        principal = self.principals.find(signer.access_key)
        if principal is None:
            # Keys made up by a person pass for the owner's; a temporary key must be one that was issued here.
            if signer.access_key.startswith("ASIA"):
                return (
                    "InvalidClientTokenIdException",
                    "The security token included in the request is invalid.",
                )
            return None
        if principal.is_root or _CDK_ROLE.fullmatch(principal.role_name or ""):
            return None
        service = SERVICE_OF_SIGNING_NAME.get(signer.signing_name, signer.signing_name)
        if service not in actions.SERVICES:
            return "AccessDeniedException", actions.missing(service, None)
        request = parse(service, environ)
        if request is None:
            return "AccessDeniedException", actions.missing(service, environ["PATH_INFO"])
        wanted = actions.accesses(request)
        if wanted is None:
            return "AccessDeniedException", actions.missing(service, request.operation)
        for access in wanted:
            try:
                decision = self.authorize(principal, access)
            except UnsupportedPolicyError as error:
                return "AccessDeniedException", str(error)
            if not decision.allowed:
                return "AccessDeniedException", denial.sentence(principal, access, decision)
        return None


def enforce(cloud: Cloud) -> None:
    """Put the cloud's authority in front of moto and publish its record of usage."""
    seams = moto_seams.of(cloud)
    iam = seams.part(Iam, Iam)
    behind: Callable[..., Iterable[bytes]] = DomainDispatcherApplication.__call__

    def guarded(
        self: DomainDispatcherApplication, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        signer = signer_of(environ)
        refusal = iam.refusal(signer, environ) if signer else None
        if signer is None or refusal is None:
            return behind(self, environ, start_response)
        service = SERVICE_OF_SIGNING_NAME.get(signer.signing_name, signer.signing_name)
        known = service in actions.SERVICES
        protocol = protocol_of(service, environ) if known else guessed_protocol(environ)
        code, message = refusal
        response = denial.answer(service=service, protocol=protocol, code=code, message=message)
        return response(environ, start_response)

    seams.replace(DomainDispatcherApplication, "__call__", guarded)

    def report(_: Mapping[str, Any]) -> dict[str, Any]:
        return {"usage": iam.usage.report()}

    cloud.routes["GET", "iam/usage"] = report


def _context(principal: Principal) -> dict[str, tuple[str, ...]]:
    return {
        "aws:principalarn": (principal.arn,),
        "aws:principalaccount": (ACCOUNT_ID,),
        "aws:resourceaccount": (ACCOUNT_ID,),
        "s3:resourceaccount": (ACCOUNT_ID,),
        "aws:requestedregion": (REGION,),
        # The loopback stands for an HTTPS endpoint.
        "aws:securetransport": ("true",),
    }
