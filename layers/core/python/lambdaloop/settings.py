"""The one definition of every environment variable: `infra` writes them, functions read them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from lambdaloop.domain.errors import SettingMissingError
from lambdaloop.domain.stage import Stage

_PREFIX = "LAMBDALOOP_"

LIVE_ALIAS = "live"
"""The Lambda alias through which all requests come; the release workflow owns its routing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a function is told at deployment; each function is given only what it needs."""

    model: str | None = None
    """Name of the model that the function serves or trains."""
    registry_table: str | None = None
    data_bucket: str | None = None
    model_bucket: str | None = None
    capture_bucket: str | None = None
    feature_table: str | None = None
    """The online store of features; only told to functions of models that look some up."""
    inference_function: str | None = None
    """Name of the inference function whose traffic a release moves."""
    bootstrap_version: str | None = None
    """The Lambda version that answers 503 before the first release."""
    release_workflow: str | None = None
    """ARN of the release state machine."""
    training_workflow: str | None = None
    """ARN of the training state machine."""
    api_models: str | None = None
    """Names of the deployed models, comma-separated."""
    pin: str | None = None
    """JSON of the ReleasePin; set by the release workflow, never by the template."""
    alert_topic: str | None = None
    """ARN of the topic that tells people."""
    alert_plan: str | None = None
    """JSON of the AlertPlan."""
    event_bus: str | None = None
    """Name of the bus that tells others what happened."""
    api_endpoint: str | None = None
    """Address of the HTTP API, for links in messages."""
    entity_salt: str | None = None
    """Keys the hash that stands for an entity in the prediction log: any text that differs from stack to stack. It keeps
    plain identifiers out of the log; it is no secret, so who knows it can test a guess."""
    stage: str | None = None
    """Name of the stage; none where an account and region have one deployment only."""
    opt: str = "/opt"
    """Where Lambda unpacks layers."""

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings of this process."""
        source = os.environ if environment is None else environment
        names = {field.name: _PREFIX + field.name.upper() for field in fields(cls)}
        return cls(**{name: source[variable] for name, variable in names.items() if variable in source})

    def to_env(self) -> dict[str, str]:
        """The environment variables that say the same."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            _PREFIX + name.upper(): value
            for name, value in values.items()
            if value is not None and name != "opt"
        }

    @property
    def at_stage(self) -> Stage:
        """The stage, which has the names that deployments must not share."""
        return Stage(self.stage)

    def need(self, name: str) -> str:
        """A setting that this function cannot do without; SettingMissingError names the variable."""
        value: str | None = getattr(self, name)
        if value is None:
            raise SettingMissingError(
                f"environment variable {_PREFIX}{name.upper()} is not set: redeploy the stack"
            )
        return value
