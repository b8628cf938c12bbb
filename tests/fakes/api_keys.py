"""API keys in memory: the same promises as in DynamoDB, proved by the same contract tests."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from lambdaloop.domain.api_key import ApiKey, PresentedKey, new_key
from lambdaloop.domain.errors import ApiKeyNotFoundError, BackendUnavailableError, ConflictError
from lambdaloop.domain.throttle import Throttle
from lambdaloop.services.own_buckets import OwnBuckets
from tests.fakes.samples import MODEL, MORNING


class InMemoryApiKeys:
    """The port ApiKeys; `down` makes it answer like a registry that cannot be reached."""

    def __init__(self) -> None:
        self.down = False
        self.told: list[tuple[str, str]] = []
        """Kind and model of each audit event."""
        self._keys: dict[str, ApiKey] = {}
        self._lock = threading.Lock()

    def create_key(self, key: ApiKey) -> None:
        with self._lock:
            found = self._keys.setdefault(key.id, key)
            if found is not key:
                if found == key:
                    return
                raise ConflictError(f"there is a key {key.id} already: create another one")
            self.told += [("key_created", model) for model in key.models]

    def key(self, model: str, key: str) -> ApiKey | None:
        if self.down:
            raise BackendUnavailableError("the registry is down")
        found = self._keys.get(key)
        return found if found and model in found.models else None

    def keys(self, model: str) -> Sequence[ApiKey]:
        found = [key for key in self._keys.values() if model in key.models]
        return sorted(found, key=lambda each: (each.created_at, each.id), reverse=True)

    def revoke_key(self, model: str, key: str, *, actor: str, at: datetime) -> ApiKey:
        with self._lock:
            found = self.key(model, key)
            if found is None:
                raise ApiKeyNotFoundError(f"model {model!r} has no key {key!r}")
            if found.revoked_at is None:
                self._keys[key] = found = replace(found, revoked_by=actor, revoked_at=at)
                self.told += [("key_revoked", each) for each in found.models]
            return found


class FakeBuckets(OwnBuckets):
    """The port Buckets; `down` makes it answer like a registry that cannot be reached."""

    down = False

    def take(self, model: str, key: str, *, throttle: Throttle, now: datetime) -> int | None:
        if self.down:
            raise BackendUnavailableError("the registry is down")
        return super().take(model, key, throttle=throttle, now=now)


def sample_key(
    *,
    client: str = "acme",
    models: tuple[str, ...] = (MODEL,),
    rate: float = 10,
    burst: int = 5,
    expires_after: timedelta | None = None,
) -> tuple[PresentedKey, ApiKey]:
    """A new key and its record."""
    secret = new_key()
    record = ApiKey(
        id=secret.id,
        client=client,
        models=models,
        secret_sha256=secret.secret_sha256,
        created_by="ada",
        created_at=MORNING,
        throttle=Throttle(rate=rate, burst=burst),
        expires_at=None if expires_after is None else MORNING + expires_after,
    )
    return secret, record
