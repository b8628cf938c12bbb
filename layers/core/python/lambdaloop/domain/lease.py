"""A lease: at most one owner at a time, and a fence against owners that come back from the dead."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdaloop.domain.errors import LeaseHeldError

FREE = ""
"""The owner of a lease that was given back; its token stays, so that tokens only grow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Held until `expires_at`; `token` grows with every new owner."""

    model: str
    name: str
    owner: str
    token: int
    expires_at: datetime


def taken(current: Lease | None, *, model: str, name: str, owner: str, at: datetime, seconds: int) -> Lease:
    """The lease after `owner` took or prolonged it; LeaseHeldError while another holds it."""
    if current is not None and current.owner not in (FREE, owner) and current.expires_at > at:
        raise LeaseHeldError(
            f"lease {name!r} of model {model!r} is held by {current.owner!r} until "
            f"{current.expires_at:%Y-%m-%d %H:%M:%S} UTC: wait for it to end"
        )
    token = 0 if current is None else current.token
    return Lease(
        model=model,
        name=name,
        owner=owner,
        token=token if current is not None and current.owner == owner else token + 1,
        expires_at=at + timedelta(seconds=seconds),
    )
