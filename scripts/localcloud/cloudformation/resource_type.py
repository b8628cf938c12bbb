"""What every kind of resource must be able to do for a stack: be created, changed and deleted through its own API."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.localcloud import clients
from scripts.localcloud.cloud import ACCOUNT_ID, REGION
from scripts.localcloud.cloudformation.errors import UnsupportedResourceError

Properties = Mapping[str, Any]

_NAME_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, kw_only=True)
class Physical:
    """A resource that exists: what Ref and Fn::GetAtt give."""

    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a resource stands: its stack, its logical id, and the cloud it is made in."""

    endpoint_url: str
    gateway_url: str
    stack_name: str
    stack_id: str
    logical_id: str
    generation: int = 0
    """How often this logical id was replaced: each replacement needs a new name."""

    def client(self, service: str) -> Any:
        """A boto3 client of the account's owner."""
        return account_client(service, self.endpoint_url)

    def name(self, limit: int = 64) -> str:
        """The name CloudFormation makes up: stack, logical id and a random-looking part, at most `limit` long."""
        digest = hashlib.sha256(f"{self.stack_id}/{self.logical_id}/{self.generation}".encode()).digest()
        unique = "".join(_NAME_ALPHABET[byte % 32] for byte in digest[:12])
        room = limit - len(unique) - 1
        stack = self.stack_name[: max(room - len(self.logical_id) - 1, room // 2)]
        return f"{f'{stack}-{self.logical_id}'[:room].rstrip('-')}-{unique}"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something regional in this account."""
        return f"arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}"


class ResourceType(ABC):
    """One CloudFormation resource type.

    A property is `applied` (it takes effect), `recorded` (kept in the stack; the class says why that is enough)
    or unknown, and an unknown one fails the deployment: a template must not lose meaning in silence.
    """

    type: ClassVar[str]
    applied: ClassVar[frozenset[str]]
    recorded: ClassVar[frozenset[str]] = frozenset()
    replaced_by: ClassVar[frozenset[str]] = frozenset()
    """Properties that AWS cannot change in place: the resource is made anew and the old one deleted afterwards."""

    @abstractmethod
    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the resource. Raises botocore's ClientError when AWS refuses."""

    def complete(self, place: Place, physical: Physical, properties: Properties) -> None:  # noqa: B027
        """Second step of creation: what can only be set on something that exists.

        Apart from `create`, so that a failure here leaves nothing behind: the resource is known and is deleted.
        """

    @abstractmethod
    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change it in place, so that it becomes what `properties` say."""

    @abstractmethod
    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Remove it."""

    def check(self, properties: Properties) -> None:
        """Raises UnsupportedResourceError for a property that would be ignored."""
        if unknown := sorted(properties.keys() - self.applied - self.recorded):
            raise UnsupportedResourceError(f"the local cloud does not apply {self.type} {', '.join(unknown)}")

    def replaces(self, changed: set[str]) -> bool:
        """Whether a change of these properties needs a new resource."""
        return bool(changed & self.replaced_by)

    def changed(self, properties: Properties, previous: Properties) -> set[str]:
        """Names of the properties that take effect and differ."""
        names = (properties.keys() | previous.keys()) - self.recorded
        return {name for name in names if properties.get(name) != previous.get(name)}


class ImmutableType(ResourceType):
    """A resource that is only ever made and deleted: every change replaces it."""

    def replaces(self, changed: set[str]) -> bool:
        """Always."""
        return bool(changed)

    def update(
        self,
        place: Place,  # noqa: ARG002
        physical: Physical,
        properties: Properties,  # noqa: ARG002
        previous: Properties,  # noqa: ARG002
    ) -> Physical:
        """Nothing that takes effect changed: the resource stays what it is."""
        return physical


def chosen(properties: Properties, *names: str) -> dict[str, Any]:
    """The named properties that are there."""
    return {name: properties[name] for name in names if name in properties}


def lower_keys(value: Any) -> Any:
    """`value` with every key starting in lower case, as the APIs of Step Functions and Logs spell them."""
    if isinstance(value, Mapping):
        return {name[0].lower() + name[1:]: lower_keys(item) for name, item in value.items()}
    if isinstance(value, list):
        return [lower_keys(item) for item in value]
    return value


def tags(properties: Properties) -> dict[str, str]:
    """`Tags` as a plain mapping, whichever of the two ways the type writes them."""
    given = properties.get("Tags") or {}
    return dict(given) if isinstance(given, Mapping) else {tag["Key"]: tag["Value"] for tag in given}


def is_gone(error: ClientError) -> bool:
    """Whether AWS refused because the thing does not exist, which is what a deletion wants."""
    code = error.response["Error"]["Code"]
    return any(mark in code for mark in ("NotFound", "NoSuch", "NonExistent", "DoesNotExist"))


@cache
def account_client(service: str, endpoint_url: str) -> Any:
    """A boto3 client with the rights of the account's owner, shared by everyone who asks for the same service."""
    # No repetition: an answer that fails here fails for a reason, and the stack should say it at once.
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=300)
    return clients.client(service, endpoint_url, config=config)
