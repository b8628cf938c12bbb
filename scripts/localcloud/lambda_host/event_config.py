"""How asynchronous events of a function or alias are retried and where they end up (EventInvokeConfig)."""

import threading
from dataclasses import dataclass, field
from typing import Any

from scripts.localcloud.lambda_host.errors import (
    InvalidParameterError,
    NotEmulatedError,
    ResourceNotFoundError,
)
from scripts.localcloud.lambda_host.names import FunctionName

_KEYS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_DESTINATIONS = frozenset({"sqs", "sns", "lambda", "events"})
MAX_AGE_SECONDS = 21_600
MAX_RETRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EventConfig:
    """Retries, age in virtual seconds and destination ARNs."""

    retries: int = MAX_RETRIES
    max_age_seconds: int = MAX_AGE_SECONDS
    on_success: str | None = None
    on_failure: str | None = None


@dataclass
class EventConfigs:
    """The configurations of all functions, by function and qualifier ($LATEST and none are the same)."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stored: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def put(
        self, name: FunctionName, request: dict[str, Any], now: float, *, replace: bool
    ) -> dict[str, Any]:
        """Store a configuration, or (`replace=False`) change the given parts of one.

        Raises InvalidParameterError for values AWS would refuse.
        """
        given = {key: request[key] for key in _KEYS if request.get(key) is not None}
        if not 0 <= given.get("MaximumRetryAttempts", 0) <= MAX_RETRIES:
            raise InvalidParameterError(
                f"MaximumRetryAttempts must be 0, 1 or 2, got {given['MaximumRetryAttempts']}"
            )
        if not 60 <= given.get("MaximumEventAgeInSeconds", 60) <= MAX_AGE_SECONDS:
            age = given["MaximumEventAgeInSeconds"]
            raise InvalidParameterError(
                f"MaximumEventAgeInSeconds must be 60 to {MAX_AGE_SECONDS}, got {age}"
            )
        for one in (given.get("DestinationConfig") or {}).values():
            if one.get("Destination") and one["Destination"].split(":")[2] not in _DESTINATIONS:
                raise NotEmulatedError(f"the destination {one['Destination']}, only {sorted(_DESTINATIONS)}")
        with self._lock:
            kept = {} if replace else self._stored.get(_key(name), {})
            config = {**kept, **given, "FunctionArn": _arn(name), "LastModified": now}
            self._stored[_key(name)] = config
        return config

    def get(self, name: FunctionName) -> dict[str, Any]:
        """The stored configuration.

        Raises ResourceNotFoundError.
        """
        config = self._stored.get(_key(name))
        if config is None:
            raise ResourceNotFoundError(f"The function {_arn(name)} doesn't have an EventInvokeConfig")
        return config

    def delete(self, name: FunctionName) -> None:
        """Remove a configuration.

        Raises ResourceNotFoundError.
        """
        self.get(name)
        with self._lock:
            del self._stored[_key(name)]

    def of_function(self, function_name: str) -> list[dict[str, Any]]:
        """All configurations of a function and its qualifiers."""
        with self._lock:
            return [config for (name, _), config in sorted(self._stored.items()) if name == function_name]

    def forget(self, function_name: str) -> None:
        """The function is gone."""
        with self._lock:
            for key in [key for key in self._stored if key[0] == function_name]:
                del self._stored[key]

    def effective(self, name: FunctionName) -> EventConfig:
        """What applies to events for `name`."""
        stored = self._stored.get(_key(name), {})
        destinations = stored.get("DestinationConfig", {})
        return EventConfig(
            retries=stored.get("MaximumRetryAttempts", MAX_RETRIES),
            max_age_seconds=stored.get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS),
            on_success=destinations.get("OnSuccess", {}).get("Destination"),
            on_failure=destinations.get("OnFailure", {}).get("Destination"),
        )


def _key(name: FunctionName) -> tuple[str, str]:
    return name.name, name.qualifier or "$LATEST"


def _arn(name: FunctionName) -> str:
    return FunctionName(*_key(name)).arn
