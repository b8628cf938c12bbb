"""API keys: what a client is given once, and what is kept about it, which is not enough to ask anything with."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from lambdaloop.domain.throttle import Throttle

MAX_MODELS = 20
"""That one key may open: all its records are written in one transaction."""
_PREFIX = "lambdaloop"
_KEY = re.compile(rf"{_PREFIX}_([0-9a-f]{{16}})_([A-Za-z0-9_-]{{43}})")
_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_OF_NOBODY = "0" * 64
"""Held against the secret where there is no such key, so that the answer takes as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedKey:
    """A key as a client sends it: an id in clear, and a secret that no representation shows."""

    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """All of it; to be shown once, to whom it was made for."""
        return f"{_PREFIX}_{self.id}_{self.secret}"

    @property
    def secret_sha256(self) -> str:
        """What is kept. The secret has 256 random bits: no salt and no slow hash would make it harder to guess."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """The record of a key. It is never changed but for its end."""

    schema: int = 1
    id: str
    client: str
    """Whom it was made for; a client may have several, which is how one is exchanged for another."""
    models: tuple[str, ...]
    secret_sha256: str = field(repr=False)
    created_by: str
    created_at: datetime
    throttle: Throttle
    """For each of the models on its own."""
    expires_at: datetime | None = None
    revoked_by: str | None = None
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        if not _CLIENT.fullmatch(self.client):
            raise ValueError(
                f"client must be 1 to 64 letters, digits, dots, hyphens, underscores or @, got {self.client!r}"
            )
        if not 1 <= len(self.models) <= MAX_MODELS or len(set(self.models)) < len(self.models):
            raise ValueError(f"a key opens 1 to {MAX_MODELS} different models, got {list(self.models)}")
        if self.expires_at is not None and self.expires_at <= self.created_at:
            raise ValueError(f"expires must be in the future, got {self.expires_at}")

    def status(self, now: datetime) -> str:
        """active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


def new_key() -> PresentedKey:
    """A key that nobody has."""
    return PresentedKey(id=secrets.token_hex(8), secret=secrets.token_urlsafe(32))


def read_key(text: str) -> PresentedKey | None:
    """What a header says; None when that cannot be a key."""
    found = _KEY.fullmatch(text)
    return PresentedKey(id=found[1], secret=found[2]) if found else None


def is_key_of(presented: PresentedKey, record: ApiKey | None) -> bool:
    """Whether the secret is that of the record; takes as long whatever is wrong with it."""
    kept = _OF_NOBODY if record is None else record.secret_sha256
    return hmac.compare_digest(presented.secret_sha256, kept)
