"""Who may ask, and how often."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from lambdaloop.domain.api_key import ApiKey
from lambdaloop.domain.throttle import Throttle


class ApiKeys(Protocol):
    """The keys that open models."""

    def create_key(self, key: ApiKey) -> None:
        """Keep it for all of its models, with one audit event for each; ConflictError when its id is taken."""
        ...

    def key(self, model: str, key: str) -> ApiKey | None:
        """The key of this id if it was made for the model, whether it is still good or not."""
        ...

    def keys(self, model: str) -> Sequence[ApiKey]:
        """All that were ever made for a model, newest first."""
        ...

    def revoke_key(self, model: str, key: str, *, actor: str, at: datetime) -> ApiKey:
        """End it for all of its models, with one audit event for each; what was revoked before stays as it is.

        ApiKeyNotFoundError when the model has no such key.
        """
        ...


class Buckets(Protocol):
    """Token buckets, one for each key of each model, whichever process asks."""

    def take(self, model: str, key: str, *, throttle: Throttle, now: datetime) -> int | None:
        """Take one request; None when there was one, and otherwise the whole seconds until there is.

        May be called again when an answer was lost: that costs the client one request, nothing else.
        """
        ...
