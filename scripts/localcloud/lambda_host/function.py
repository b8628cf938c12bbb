"""moto's Lambda function with what moto leaves out: states, revisions, logging and the way into a process."""

import copy
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import LambdaFunction, LayerVersion
from moto.awslambda.utils import get_backend

from scripts.localcloud.cloud import REGION
from scripts.localcloud.lambda_host import installed
from scripts.localcloud.lambda_host.lifecycle import Lifecycle
from scripts.localcloud.lambda_host.spec import CodeArchive, VersionSpec

# Parts of a configuration that say nothing about what a version would run.
_VOLATILE = (
    "FunctionArn",
    "Version",
    "LastModified",
    "RevisionId",
    "State",
    "StateReason",
    "StateReasonCode",
)
_VOLATILE_UPDATE = ("LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode")


class HostedFunction(LambdaFunction):  # type: ignore[misc]
    """A function that runs in processes of the local cloud; takes the place of moto's class."""

    def __init__(self, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        super().__init__(account_id=account_id, spec=spec, region=region, version=version)
        host = installed.host()
        self.logging_config: dict[str, Any] = spec.get("LoggingConfig") or {}
        self.dead_letter_config: dict[str, Any] = spec.get("DeadLetterConfig") or {}
        self.snap_start: dict[str, Any] = spec.get("SnapStart") or {}
        self.published_from: str | None = None
        self._layer_content: dict[str, CodeArchive] = {}
        self.layer_archives()
        self.lifecycle = Lifecycle.created(host.cloud.clock.time, host.settle_seconds)

    def __deepcopy__(self, memo: dict[int, Any]) -> "HostedFunction":
        # moto copies functions only to show them with another ARN
        return copy.copy(self)

    def published(self, version: int, description: str) -> "HostedFunction":
        """The immutable version `version` of what $LATEST is now."""
        host = installed.host()
        snapshot = copy.copy(self)
        snapshot.published_from = self.fingerprint()
        snapshot.set_version(version)
        snapshot.code = dict(self.code)
        snapshot.environment_vars = dict(self.environment_vars)
        snapshot.layers = list(self.layers)
        snapshot.description = description or self.description
        snapshot.lifecycle = Lifecycle.published(host.cloud.clock.time, host.settle_seconds)
        return snapshot

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        """Apply an UpdateFunctionConfiguration request."""
        super().update_configuration({**config_updates, **_environment(config_updates)})
        if config_updates.get("TracingConfig"):
            self.tracing_config = config_updates["TracingConfig"]
        if config_updates.get("EphemeralStorage"):
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        for name, attribute in (
            ("LoggingConfig", "logging_config"),
            ("DeadLetterConfig", "dead_letter_config"),
            ("SnapStart", "snap_start"),
        ):
            if name in config_updates:
                setattr(self, attribute, config_updates[name] or {})
        self.lifecycle.update(installed.host().settle_seconds)
        return self.get_configuration()

    def update_function_code(self, updated_spec: dict[str, Any]) -> dict[str, Any]:
        """Apply an UpdateFunctionCode request; a dry run changes nothing."""
        super().update_function_code(updated_spec)
        if updated_spec.get("Architectures"):
            self.architectures = updated_spec["Architectures"]
        if not updated_spec.get("DryRun"):
            self.lifecycle.update(installed.host().settle_seconds)
        return self.get_configuration()

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:  # noqa: FBT002
        """The configuration as the API shows it."""
        config: dict[str, Any] = super().get_configuration(on_create=on_create)
        snap_start = self.snap_start.get("ApplyOn", "None")
        optimized = snap_start == "PublishedVersions" and str(self.version) != "$LATEST"
        config |= {
            "RevisionId": self.lifecycle.revision,
            "State": self.lifecycle.state,
            "LastUpdateStatus": self.lifecycle.last_update_status,
            "SnapStart": {"ApplyOn": snap_start, "OptimizationStatus": "On" if optimized else "Off"},
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": self.log_group, **self.logging_config},
        }
        if self.lifecycle.state == "Pending":
            config |= {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}
        if on_create:
            config.pop("LastUpdateStatus")
        if self.dead_letter_config:
            config["DeadLetterConfig"] = self.dead_letter_config
        return config

    def fingerprint(self) -> str:
        """Equal for two snapshots whose code and configuration are the same."""
        config = self.get_configuration()
        for name in (*_VOLATILE, *_VOLATILE_UPDATE):
            config.pop(name, None)
        return hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def log_group(self) -> str:
        """Where the function logs."""
        return str(self.logging_config.get("LogGroup") or f"/aws/lambda/{self.function_name}")

    def layer_archives(self) -> tuple[CodeArchive, ...]:
        """The layers in the order of the configuration.

        A function keeps the content it was configured with: on AWS, too, it outlives the deletion of a layer version.
        """
        backend = get_backend(self.account_id, REGION)
        for arn in (layer["Arn"] for layer in self.layers):
            if arn not in self._layer_content:
                found: LayerVersion = backend.layers_versions_by_arn(arn)
                self._layer_content[arn] = CodeArchive(sha256=found.code_digest, content=found.code_bytes)
        return tuple(self._layer_content[layer["Arn"]] for layer in self.layers)

    def run_spec(self) -> VersionSpec:
        """What a process needs to run this version as it is now."""
        level = self.logging_config.get("ApplicationLogLevel")
        return VersionSpec(
            function_name=self.function_name,
            version=str(self.version),
            handler=str(self.handler),
            runtime=str(self.run_time),
            role_arn=self.role,
            timeout_seconds=int(self.timeout),
            memory_mib=int(self.memory_size),
            environment=tuple(sorted(self.environment_vars.items())),
            code=CodeArchive(sha256=self.code_digest, content=self.code_bytes),
            layers=self.layer_archives(),
            log_group=self.log_group,
            log_format="JSON" if self.logging_config.get("LogFormat") == "JSON" else "Text",
            log_level=str(level) if level else None,
        )

    def invoke(self, body: str, request_headers: Any, response_headers: Any) -> bytes:  # noqa: ARG002
        """How moto's own services (SNS, log subscriptions) call a function: they never wait for its answer."""
        installed.host().submit(self.function_arn, (body or "{}").encode())
        return b""


def _environment(config_updates: Mapping[str, Any]) -> dict[str, Any]:
    """Moto needs the variables spelled out, AWS takes an empty environment too."""
    if "Environment" not in config_updates:
        return {}
    return {"Environment": {"Variables": (config_updates["Environment"] or {}).get("Variables") or {}}}
