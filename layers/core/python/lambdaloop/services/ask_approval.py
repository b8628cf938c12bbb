"""Asks people whether a release may take traffic, and reminds them before their silence ends it."""

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlencode

from lambdaloop.domain.approval import ReleaseApproval, expiry, link_seal
from lambdaloop.domain.approval_message import approval_message
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.release import Release
from lambdaloop.domain.release_rules import check_open, waiting_seconds
from lambdaloop.ports import ApprovalLog, Clock, Leases, Notices, ReleaseLog, VersionRegistry
from lambdaloop.services.hold_release import hold_release


def ask_approval(
    definition: ModelDefinition,
    *,
    number: int,
    execution: str,
    token: str,
    reminder: bool,
    api_endpoint: str,
    versions: VersionRegistry,
    releases: ReleaseLog,
    approvals: ApprovalLog,
    leases: Leases,
    notices: Notices,
    clock: Clock,
) -> ReleaseApproval:
    """Record the question with the token of the task that waits, then tell people; the token stays in the registry.

    ApprovalDecidedError when it was answered meanwhile, ReleaseStateError when the release has ended.
    """
    model, now = definition.name, clock.now()
    hold_release(
        model,
        number,
        execution=execution,
        releases=releases,
        leases=leases,
        at=now,
        seconds=waiting_seconds,
    )
    release = releases.release(model, number)
    check_open(release)
    question = approvals.approval(model, number) or _question(release, now)
    secret = secrets.token_urlsafe(32)
    asked = ReleaseApproval(
        model=model,
        release=number,
        requested_by=question.requested_by,
        asked_at=question.asked_at,
        expires_at=question.expires_at,
        token=token,
        links=(link_seal(secret, question),),
    )
    approval = approvals.ask_approval(asked, at=now)
    fields = {"release": number, "expires": expiry(approval), "key": secret}
    subject, text = approval_message(
        approval,
        release,
        versions.version(model, release.version),
        link=f"{api_endpoint}/approvals/{model}/link?{urlencode(fields)}",
        reminder=reminder,
    )
    notices.tell(subject, text)
    return approval


def _question(release: Release, now: datetime) -> ReleaseApproval:
    """The terms on which a release is asked about: those of the definition that it was opened with."""
    hours = release.rules.approval.expires_hours if release.rules.approval else 0
    return ReleaseApproval(
        model=release.model,
        release=release.number,
        requested_by=release.requested_by,
        asked_at=now,
        # Whole seconds: a link says it so.
        expires_at=(now + timedelta(hours=hours)).replace(microsecond=0),
        token="",
    )
