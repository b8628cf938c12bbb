"""Aliases with weights that really route."""

from collections.abc import Mapping
from random import Random
from typing import Any

from moto.awslambda.models import LambdaAlias

from scripts.localcloud.lambda_host.errors import InvalidParameterError

LATEST = "$LATEST"


def weights(routing_config: Mapping[str, Any] | None) -> dict[str, float]:
    """The additional versions of an alias and their share of the traffic."""
    found = (routing_config or {}).get("AdditionalVersionWeights") or {}
    return {str(version): float(weight) for version, weight in found.items()}


def check_weights(function_version: str, routing_config: Mapping[str, Any] | None) -> None:
    """Raises InvalidParameterError for routing that AWS would refuse."""
    additional = weights(routing_config)
    if len(additional) > 1:
        raise InvalidParameterError("Number of items in AdditionalVersionWeights cannot be greater than 1")
    for version, weight in additional.items():
        if not 0 <= weight <= 1:
            raise InvalidParameterError(
                f"1 validation error detected: Value '{{{version}={weight}}}' at "
                "'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy "
                "constraint: [Member must have value less than or equal to 1.0, "
                "Member must have value greater than or equal to 0.0]"
            )
        if version == function_version:
            raise InvalidParameterError(
                f"Invalid function version {version}. "
                f"Function version {version} is already included in routing configuration."
            )
        if LATEST in {version, function_version}:
            raise InvalidParameterError(
                "$LATEST is not supported for an alias pointing to more than 1 version"
            )
        if not version.isdecimal():
            raise InvalidParameterError(f"Invalid function version {version}. Give the number of a version.")


def pick_version(alias: LambdaAlias, random: Random) -> str:
    """The version that answers one invocation through the alias."""
    additional = weights(alias.routing_config)
    if additional:
        drawn = random.random()
        for version, weight in additional.items():
            if drawn < weight:
                return version
            drawn -= weight
    return str(alias.function_version)
