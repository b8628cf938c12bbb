"""The clients with which a state machine calls other services: they act as its role, as they do in AWS.

moto calls as nobody in particular, and makes a new client for every state, which takes longer than most states.
"""

import sys
import threading
from typing import Any

from botocore.config import Config
from moto.stepfunctions.parser import models as parser_models  # imports every module that makes clients

from scripts.localcloud import clients, moto_seams
from scripts.localcloud.cloud import Cloud

_PATIENCE_SECONDS = 3600  # more than a function may compute; the timeout of a state ends it earlier
_MAKER = "boto_client_for"


def install(cloud: Cloud) -> None:
    """Patch every module of moto's interpreter that makes clients."""
    of_roles = RoleClients(cloud.endpoint_url)
    package = parser_models.__name__.rpartition(".")[0]
    for name, module in list(sys.modules.items()):
        if name.startswith(package) and hasattr(module, _MAKER):
            moto_seams.of(cloud).replace(module, _MAKER, of_roles.client)


class RoleClients:
    """One client per service and role, shared by all executions."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._lock = threading.Lock()
        self._keys: dict[str, dict[str, str]] = {}
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, region: str, service: str, state_credentials: Any) -> Any:  # noqa: ARG002  # there is one
        """A client of `service` with the rights of the role in `state_credentials`."""
        role_arn: str = state_credentials.role_arn
        with self._lock:
            if (service, role_arn) not in self._clients:
                keys = self._keys[role_arn] = self._keys.get(role_arn) or self._assume(role_arn)
                self._clients[service, role_arn] = clients.client(
                    service,
                    self._endpoint_url,
                    config=_config(),
                    access_key=keys["AccessKeyId"],
                    secret_key=keys["SecretAccessKey"],
                    session_token=keys["SessionToken"],
                )
            return self._clients[service, role_arn]

    def _assume(self, role_arn: str) -> dict[str, str]:
        sts = clients.client("sts", self._endpoint_url, config=Config())
        keys: dict[str, str] = sts.assume_role(RoleArn=role_arn, RoleSessionName="states")["Credentials"]
        return keys


def _config() -> Config:
    # The interpreter hands over what a definition says without types, and does its own retries.
    return Config(
        parameter_validation=False,
        retries={"total_max_attempts": 1},
        read_timeout=_PATIENCE_SECONDS,
        max_pool_connections=50,
        s3={"addressing_style": "path"},
    )
