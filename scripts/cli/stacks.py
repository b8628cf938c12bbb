"""Finds what was deployed: the command line knows stack names, and everything else from the stacks' outputs."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from lambdaloop.domain.errors import NotFoundError
from lambdaloop.domain.stage import Stage

STAGE = "LAMBDALOOP_STAGE"
"""The environment variable that says which stage commands are about."""


class NotDeployedError(NotFoundError):
    """There is no such stack in this account and region."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The outputs of the platform stack and of one model's stack."""

    model: str
    data_bucket: str
    model_bucket: str
    capture_bucket: str
    registry_table: str
    api_endpoint: str
    inference_function: str
    training_workflow: str
    release_workflow: str
    governor_function: str | None = None
    """None for a stack that was deployed before there was a governor."""
    experiment_starter: str | None = None
    """Names of functions; None for a stack that was deployed before there were experiments."""
    experiment_advancer: str | None = None

    @property
    def predict_url(self) -> str:
        """Where rows are posted."""
        return f"{self.api_endpoint}/models/{self.model}/predict"

    @property
    def feedback_url(self) -> str:
        """Where labels are posted."""
        return f"{self.api_endpoint}/models/{self.model}/feedback"


def stack_names() -> Stage:
    """The names of the stage that was asked for, with --stage or by the environment; StageInvalidError when it is none."""
    return Stage(os.environ.get(STAGE) or None)


def find_deployment(model: str) -> Deployment:
    """Read both stacks' outputs; NotDeployedError says which command is missing."""
    client: Any = boto3.client("cloudformation")  # one for both: making it takes longer than asking
    names = stack_names()
    platform, own = _outputs(client, names.platform_stack), _outputs(client, names.model_stack(model))
    return _deployment(model, platform, own)


def find_deployments(client: Any) -> Sequence[Deployment]:
    """Every model that is deployed, by name, as CloudFormation's client tells; NotDeployedError when there is none."""
    names = stack_names()
    platform = _outputs(client, names.platform_stack)
    prefix = names.model_stack("")
    found = {
        stack["StackName"].removeprefix(prefix): _named(stack)
        for page in client.get_paginator("describe_stacks").paginate()
        for stack in page["Stacks"]
        if stack["StackName"].startswith(prefix)
    }
    # A stack that is being made, or could not be, has no outputs yet.
    models = sorted(model for model, own in found.items() if "InferenceFunction" in own)
    if not models:
        raise NotDeployedError(
            f"no model is deployed in {client.meta.region_name} at {client.meta.endpoint_url}: run `{names.cdk('deploy --all')}`"
        )
    return [_deployment(model, platform, found[model]) for model in models]


def _deployment(model: str, platform: Mapping[str, str], own: Mapping[str, str]) -> Deployment:
    return Deployment(
        model=model,
        data_bucket=platform["DataBucket"],
        model_bucket=platform["ModelBucket"],
        capture_bucket=platform["CaptureBucket"],
        registry_table=platform["RegistryTable"],
        api_endpoint=platform["ApiEndpoint"].rstrip("/"),
        inference_function=own["InferenceFunction"],
        training_workflow=own["TrainingWorkflow"],
        release_workflow=own["ReleaseWorkflow"],
        governor_function=own.get("RetrainingGovernor"),
        experiment_starter=own.get("ExperimentStarter"),
        experiment_advancer=own.get("ExperimentAdvancer"),
    )


@dataclass(frozen=True, kw_only=True)
class FeatureDeployment:
    """Where stored features lie."""

    table: str
    data_bucket: str
    groups: tuple[str, ...]


def find_features() -> FeatureDeployment:
    """Read the outputs; NotDeployedError when no deployed model stores features."""
    client: Any = boto3.client("cloudformation")
    names = stack_names()
    platform, own = _outputs(client, names.platform_stack), _outputs(client, names.feature_stack)
    return FeatureDeployment(
        table=own["FeatureTable"],
        data_bucket=platform["DataBucket"],
        groups=tuple(own["FeatureGroups"].split(",")),
    )


def find_output(stack: str, key: str) -> str:
    """One output of a stack; NotDeployedError when there is no such stack, or an older one without it."""
    client: Any = boto3.client("cloudformation")
    found = _outputs(client, stack)
    if key not in found:
        raise NotDeployedError(
            f"stack {stack} has no output {key} yet: run `{stack_names().cdk('deploy --all')}`"
        )
    return found[key]


def _outputs(client: Any, stack: str) -> Mapping[str, str]:
    try:
        found = client.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise NotDeployedError(
            f"stack {stack} does not exist in {client.meta.region_name} at {client.meta.endpoint_url}: "
            f"run `{stack_names().cdk('deploy --all')}`"
        ) from error
    return _named(found)


def _named(stack: Mapping[str, Any]) -> Mapping[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
