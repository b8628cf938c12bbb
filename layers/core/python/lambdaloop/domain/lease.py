"""A lease: at most one owner at a time, and a fence against owners that come back from the dead."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Held until `expires_at`; `token` grows with every new owner."""

    model: str
    name: str
    owner: str
    token: int
    expires_at: datetime
