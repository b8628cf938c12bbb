"""Decides on a request that shows an API key: whose it is, and whether that client asked too often."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lambdaloop.domain.api_key import ApiKey, is_key_of, read_key
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.ports.opening import ApiKeys, Buckets
from lambdaloop.services.own_buckets import OwnBuckets

REMEMBERED = timedelta(hours=1)
"""How long a process goes on knowing a key while the registry does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A request of a known client."""

    client: str
    key: str
    retry_after: int | None
    """Seconds, for a client that asked too often."""


@dataclass(kw_only=True)
class Doorkeeper:
    """Knows who may ask one model.

    While the registry cannot be reached, a key that was good within the hour still is, and its requests are counted by each
    process on its own: a limit is for fairness, and clients that keep to theirs shall notice nothing. A key that this
    process has not seen is let in by nobody.
    """

    model: str
    keys: ApiKeys
    buckets: Buckets
    _known: dict[str, tuple[ApiKey, datetime]] = field(default_factory=dict)
    _own: OwnBuckets = field(default_factory=OwnBuckets)

    def admit(self, presented: str, *, now: datetime) -> Admission | None:
        """Who asks; None for nobody who may. BackendUnavailableError when that cannot be said."""
        key = read_key(presented)
        if key is None:
            return None
        record, is_fresh = self._find(key.id, now)
        if not is_key_of(key, record) or record is None:
            return None
        if record.status(now) != "active":
            self._known.pop(record.id, None)
            return None
        if is_fresh:
            self._known[key.id] = record, now
        return Admission(client=record.client, key=record.id, retry_after=self._wait(record, now, is_fresh))

    def _find(self, key: str, now: datetime) -> tuple[ApiKey | None, bool]:
        """The record, and whether it is from the registry."""
        try:
            return self.keys.key(self.model, key), True
        except BackendUnavailableError:
            known = self._known.get(key)
            if known is None or known[1] + REMEMBERED <= now:
                raise
            return known[0], False

    def _wait(self, record: ApiKey, now: datetime, is_fresh: bool) -> int | None:
        # Booked here, too, so that the process knows how much is left when the registry stops answering.
        own = self._own.take(self.model, record.id, throttle=record.throttle, now=now)
        if not is_fresh:
            return own
        try:
            return self.buckets.take(self.model, record.id, throttle=record.throttle, now=now)
        except BackendUnavailableError:
            return own
