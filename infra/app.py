"""The CDK app: a platform stack, one stack for each file in `models/`, one for stored features and one for pipelines if there are any.

Reads the checkout and CDK's context, nothing else: no account, clock or git, so the same checkout always gives the same
templates.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import App

from infra.config import Config
from infra.deployer_stack import DeployerStack
from infra.errors import SynthesisError
from infra.feature_stack import FeatureStack
from infra.model_stack import ModelStack
from infra.platform_stack import PlatformStack
from lambdaloop.domain.errors import DefinitionInvalidError
from lambdaloop.domain.shared_groups import shared_groups
from lambdaloop.domain.stage import Stage

PLATFORM_STACK, FEATURE_STACK = Stage().platform_stack, Stage().feature_stack
"""Of a deployment without a stage."""
_FLAGS = {
    # A model's stack cannot lose the bucket or table under it: CloudFormation refuses to delete an export in use.
    "@aws-cdk/core:defaultCrossStackReferences": "strong",
    # What CDK's own validation finds is an error, not a warning.
    "@aws-cdk/core:validateAgainstDefaultRules": True,
}


def new_app(*, outdir: Path | None = None, context: Mapping[str, str] | None = None) -> App:
    """An app whose templates do not depend on who makes it; `cdk` says where they go and with which context."""
    return App(
        outdir=None if outdir is None else str(outdir),
        context={**_FLAGS, **(context or {})},
        analytics_reporting=False,
    )


def build(app: App, config: Config) -> None:
    """Add every stack to the app."""
    names = config.stage.stage
    platform = PlatformStack(app, names.platform_stack, config=config)
    if config.deployers:
        DeployerStack(app, names.deployer_stack, stage=config.stage, deployers=config.deployers)
    groups = shared_groups(config.definitions)
    features = (
        FeatureStack(
            app,
            names.feature_stack,
            stage=config.stage,
            groups=groups,
            packages=config.packages,
            platform=platform,
        )
        if groups
        else None
    )
    for definition in config.definitions:
        ModelStack(
            app,
            names.model_stack(definition.name),
            stage=config.stage,
            definition=definition,
            packages=config.packages,
            platform=platform,
            feature_table=features.table if features and definition.online else None,
            dashboard=definition.name in config.with_dashboard,
            most_metrics=config.most_metrics,
        )


def main() -> int:
    """Synthesize; what a person can mend is told without a traceback."""
    app = new_app()
    try:
        build(app, Config.from_context(app.node))
    except (DefinitionInvalidError, SynthesisError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
