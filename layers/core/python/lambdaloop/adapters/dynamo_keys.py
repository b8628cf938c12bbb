"""Where each record of a model lies in the registry table: one partition per model, sort keys that sort by number or time."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Key:
    """The primary key of one item."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class ModelKeys:
    """The keys of one model's records."""

    model: str

    @property
    def pk(self) -> str:
        """The partition."""
        return f"MODEL#{self.model}"

    def version(self, number: int) -> Key:
        """A version."""
        return Key(self.pk, f"VERSION#{number:08d}")

    def release(self, number: int) -> Key:
        """A release."""
        return Key(self.pk, f"RELEASE#{number:08d}")

    def approval(self, release: int) -> Key:
        """Whether a person consented to a release."""
        return Key(self.pk, f"APPROVAL#{release:08d}")

    def execution(self, name: str) -> Key:
        """The number of the release that a workflow execution opened."""
        return Key(self.pk, f"EXECUTION#{name}")

    def run(self, run: str) -> Key:
        """A run."""
        return Key(self.pk, f"RUN#{run}")

    def alias(self, name: str) -> Key:
        """Where an alias points now."""
        return Key(self.pk, f"ALIAS#{name}")

    def alias_log(self, name: str, at: datetime) -> Key:
        """Where an alias points from that time on."""
        return Key(self.pk, f"ALIASLOG#{name}#{sortable(at)}")

    def lease(self, name: str) -> Key:
        """A lease."""
        return Key(self.pk, f"LEASE#{name}")

    def counter(self, what: str) -> Key:
        """The last number given to a version or a release."""
        return Key(self.pk, f"COUNTER#{what}")

    def decision(self, at: datetime, decision: str) -> Key:
        """A decision of the governor."""
        return Key(self.pk, f"DECISION#{sortable(at)}#{decision}")

    def decided(self, decision: str) -> Key:
        """When the governor decided about an event."""
        return Key(self.pk, f"DECIDED#{decision}")

    def retraining(self, number: int) -> Key:
        """The decision that was the governor's number-th to retrain."""
        return Key(self.pk, f"RETRAINING#{number:08d}")

    def upload(self, at: datetime, decision: str) -> Key:
        """When training data came that the governor decided about."""
        return Key(self.pk, f"UPLOAD#{sortable(at)}#{decision}")

    def experiment(self, experiment: str) -> Key:
        """An experiment."""
        return Key(self.pk, f"EXPERIMENT#{experiment}")

    def experimenting(self) -> Key:
        """Which experiment is under way."""
        return Key(self.pk, "EXPERIMENTING")

    def window(self, end: datetime) -> Key:
        """What the watch found in the window that ended then."""
        return Key(self.pk, f"WINDOW#{sortable(end)}")

    def event(self, at: datetime) -> Key:
        """A new audit event; the random end keeps events of one microsecond apart."""
        return Key(self.pk, f"EVENT#{sortable(at)}#{secrets.token_hex(4)}")


def namespace(name: str) -> Key:
    """Who holds which buckets of a namespace; experiments of all models share it."""
    return Key(f"NAMESPACE#{name}", "RANGES")


def api_keys_of(model: str) -> str:
    """The partition of the API keys that open a model: apart from its records, so that who checks keys reads nothing else."""
    return f"APIKEYS#{model}"


def api_key_of(model: str, key: str) -> Key:
    """An API key, for one of its models."""
    return Key(api_keys_of(model), f"KEY#{key}")


def bucket_of(model: str, key: str) -> Key:
    """How much a key may still ask a model: in a partition of its own, so that only its client waits for it."""
    return Key(f"BUCKET#{model}#{key}", "BUCKET")


def alerts() -> str:
    """The partition of what people were told: apart from records of models, so that who tells them reads nothing else."""
    return "ALERTS"


def alert_of(key: str) -> Key:
    """What people were told about one key."""
    return Key(alerts(), f"ALERT#{key}")


def sortable(at: datetime) -> str:
    """A time as text of fixed width that sorts as times do."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
