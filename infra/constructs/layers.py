"""The Lambda layers of one stack."""

from dataclasses import dataclass

from aws_cdk import Annotations, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.assets import Asset
from infra.packages import Packages
from lambdaloop.domain.definition import ModelDefinition

RUNTIME = lambda_.Runtime.PYTHON_3_13
ARCHITECTURE = lambda_.Architecture.ARM_64


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer version and the package in it."""

    version: lambda_.LayerVersion
    asset: Asset


def code_of(asset: Asset) -> lambda_.Code:
    """An asset as CDK wants it, under its own identity."""
    return lambda_.Code.from_asset(str(asset.path), asset_hash=asset.identity)


def layer(scope: Construct, id_: str, asset: Asset, *, content: str, description: str) -> Layer:
    """A layer version of one package; the layer is called STACK-CONTENT."""
    version = lambda_.LayerVersion(
        scope,
        id_,
        layer_version_name=f"{Stack.of(scope).stack_name}-{content}",
        code=code_of(asset),
        description=description,
        compatible_runtimes=[RUNTIME],
        compatible_architectures=[ARCHITECTURE],
    )
    return Layer(version=version, asset=asset)


def core_layer(scope: Construct, packages: Packages) -> Layer:
    """The library; warns when there is no interpreter that could compile it for the target."""
    if packages.target.interpreter is None:
        Annotations.of(scope).add_warning_v2(
            "lambdaloop:no-bytecode",
            f"no Python {packages.target.python} on this machine: packages carry no bytecode, and cold starts take "
            f"two to four times as long; install Python {packages.target.python} before deploying",
        )
    return layer(scope, "CoreLayer", packages.core(), content="core", description="the Lambdaloop library")


class ModelLayers(Construct):
    """What the functions of one model's stack attach."""

    def __init__(
        self, scope: Construct, id_: str, *, packages: Packages, definition: ModelDefinition
    ) -> None:
        super().__init__(scope, id_)
        self.core = core_layer(self, packages)
        self.definition = layer(
            self,
            "DefinitionLayer",
            packages.definition(definition),
            content="definition",
            description="the model definition",
        )
        self.serving = layer(
            self,
            "ServingLayer",
            packages.third_party(
                "serving" if definition.serving.runtime == "compiled" else "serving-sklearn"
            ),
            content="serving",
            description="what predictions import",
        )
        self.training = layer(
            self,
            "TrainingLayer",
            packages.third_party("training"),
            content="training",
            description="what training imports",
        )
