"""The pages behind the link of an approval: plain HTML that loads nothing and tells nobody where it came from."""

from html import escape

from lambdaloop.domain.approval import ReleaseApproval, answer
from lambdaloop.domain.documents import Document
from lambdaloop.domain.person import person_of
from lambdaloop.domain.stage import Stage

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}"
    "button{font:inherit;padding:.4rem 1.2rem;margin-right:1rem}textarea{font:inherit;width:100%}"
)
_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    # Nothing is loaded, and no other site shows the page in a frame and gets its buttons pressed.
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}


def question_page(approval: ReleaseApproval, *, expires: str, key: str, stage: Stage) -> Document:
    """Asks; only the form's POST decides."""
    if approval.status != "pending":
        return message_page(200, "Nothing to decide", f"This release is {answer(approval)}.")
    alone = person_of(approval.requested_by) is None
    command = stage.command(f"releases approve {approval.model} {approval.release}")
    approve = (
        '<button name="decision" value="approve">Approve</button>'
        if alone
        else f"<p>{escape(approval.requested_by)} asked for it, so somebody else has to approve, under their own name: "
        f"<code>{escape(command)}</code></p>"
    )
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in (("release", str(approval.release)), ("expires", expires), ("key", key))
    )
    return _page(
        200,
        f"Release {approval.release} of {approval.model}",
        f"<p>It waits for consent before it takes traffic, until {approval.expires_at:%Y-%m-%d %H:%M} UTC. "
        f"Asked for by {escape(approval.requested_by)}.</p>"
        f'<form method="post">{hidden}<p><label>Why<br><textarea name="reason" rows="3" maxlength="500"></textarea>'
        f'</label></p>{approve}<button name="decision" value="reject">Reject</button></form>',
    )


def message_page(status: int, title: str, text: str) -> Document:
    """Says one thing."""
    return _page(status, title, f"<p>{escape(text)}</p>")


def _page(status: int, title: str, body: str) -> Document:
    """`body` is HTML, `title` text."""
    return {
        "statusCode": status,
        "headers": _HEADERS,
        "body": f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1>{body}</html>",
        "isBase64Encoded": False,
    }
