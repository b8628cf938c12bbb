"""Who signed a request: a function's process, a session of an assumed role, an IAM user, or the owner."""

import secrets
import string
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from scripts.localcloud.cloud import ACCOUNT_ID, ROOT_ACCESS_KEY, ROOT_SECRET_KEY

Documents = list[str | Mapping[str, Any]]
_KEY_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody with an access key."""

    arn: str
    user_id: str
    access_key: str
    secret_key: str
    session_token: str | None
    is_root: bool = False
    role_name: str | None = None
    user_name: str | None = None
    function_name: str | None = None
    """The Lambda function whose process holds the key."""

    def policies(self) -> Documents:
        """The identity policies that apply now, inline and attached; none when the role or user is gone."""
        iam = _iam()
        try:
            if self.role_name is not None:
                owners = [iam.get_role(self.role_name)]
            elif self.user_name is not None:
                owners = [iam.get_user(self.user_name), *iam.get_groups_for_user(self.user_name)]
            else:
                owners = []
        except NotFoundException:
            return []
        return [document for owner in owners for document in (*owner.policies.values(), *_attached(owner))]


ROOT = Principal(
    arn=f"arn:aws:iam::{ACCOUNT_ID}:root",
    user_id=ACCOUNT_ID,
    access_key=ROOT_ACCESS_KEY,
    secret_key=ROOT_SECRET_KEY,
    session_token=None,
    is_root=True,
)


class Principals:
    """Issues the keys of function processes and finds the owner of any key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._functions: dict[str, Principal] = {}

    def for_function(self, *, role_arn: str, function_name: str) -> Principal:
        """A new key for one process of a function, as the service that starts it would assume its role."""
        role_name = role_arn.rpartition("/")[2]
        access_key = "ASIA" + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(16))
        principal = Principal(
            arn=f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role_name}/{function_name}",
            user_id=f"{_role_id(role_arn)}:{function_name}",
            access_key=access_key,
            secret_key=secrets.token_urlsafe(30),
            session_token=secrets.token_urlsafe(60),
            role_name=role_name,
            function_name=function_name,
        )
        with self._lock:
            self._functions[access_key] = principal
        return principal

    def forget(self, principal: Principal) -> None:
        """The process is gone, its key is worth nothing."""
        with self._lock:
            self._functions.pop(principal.access_key, None)

    def find(self, access_key: str) -> Principal | None:
        """The owner of a key, None for a key nobody has."""
        if access_key == ROOT_ACCESS_KEY:
            return ROOT
        return self._functions.get(access_key) or _session(access_key) or _user(access_key)


def _session(access_key: str) -> Principal | None:
    for session in list(sts_backends[ACCOUNT_ID]["aws"].assumed_roles):
        if session.access_key_id == access_key:
            return Principal(
                arn=session.arn,
                user_id=session.user_id,
                access_key=access_key,
                secret_key=session.secret_access_key,
                session_token=session.session_token,
                role_name=session.role_arn.rpartition("/")[2],
            )
    return None


def _user(access_key: str) -> Principal | None:
    for user in list(_iam().users.values()):
        for key in user.access_keys:
            if key.access_key_id == access_key:
                return Principal(
                    arn=user.arn,
                    user_id=user.id,
                    access_key=access_key,
                    secret_key=key.secret_access_key,
                    session_token=None,
                    user_name=user.name,
                )
    return None


def _role_id(role_arn: str) -> str:
    try:
        return str(_iam().get_role_by_arn(role_arn).id)
    except NotFoundException:  # deleted after the function was created
        return "AROADELETED"


def _attached(owner: Any) -> Documents:
    return [
        next(
            version.document for version in policy.versions if version.version_id == policy.default_version_id
        )
        for policy in list(owner.managed_policies.values())
    ]


def _iam() -> Any:
    return iam_backends[ACCOUNT_ID]["aws"]
