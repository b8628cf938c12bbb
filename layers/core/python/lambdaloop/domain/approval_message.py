"""What people are told when a release waits for their consent."""

from lambdaloop.domain.approval import ReleaseApproval
from lambdaloop.domain.person import person_of
from lambdaloop.domain.release import Release
from lambdaloop.domain.version import Version


def approval_message(
    approval: ReleaseApproval, release: Release, version: Version, *, link: str, reminder: bool
) -> tuple[str, str]:
    """Subject and text. Of what opens anything it holds the link, and nothing else."""
    model, number = release.model, release.number
    until = f"{approval.expires_at:%Y-%m-%d %H:%M} UTC"
    subject = (
        f"{'Reminder: r' if reminder else 'R'}elease {number} of {model} waits for approval until {until}"
    )
    alone = person_of(approval.requested_by) is None
    lines = [
        f"Release {number} of model {model} (version {release.version}) waits for a person's consent before it takes traffic.",
        "",
        f"Asked for by: {release.requested_by}",
        f"Reason:       {release.reason}",
        f"Waits until:  {until}; silence ends it, and nothing takes traffic",
        f"Holdout:      {_metrics(version)}",
        f"Shadow:       {_shadow(release)}",
        "",
        "Say yes or no:",
        f"  lambdaloop releases approve {model} {number} --reason '...'",
        f"  lambdaloop releases reject {model} {number} --reason '...'",
        "" if alone else f"Somebody else than {approval.requested_by} has to approve.",
        "Or open this link. It shows a page first and decides nothing by being opened.",
        "Whoever has it can "
        + ("approve and reject:" if alone else "reject; to approve, use the command above:"),
        f"  {link}",
    ]
    return subject, "\n".join(lines) + "\n"


def _metrics(version: Version) -> str:
    known = [f"{name} {value:.4g}" for name, value in sorted(version.metrics.items()) if value is not None]
    return ", ".join(known) or "no metrics"


def _shadow(release: Release) -> str:
    slices = [each for each in release.judgements if each.kind == "shadow"]
    return "; ".join(slices[-1].reasons) if slices else "no shadow stage"
