"""What stops a synthesis: each message names the value and the fix."""


class SynthesisError(Exception):
    """The stacks cannot be made from this configuration."""


class UnknownTargetError(SynthesisError):
    """The context names a target that packages cannot be built for."""


class ModelsFolderMissingError(SynthesisError):
    """The context names a folder of model definitions that does not exist."""


class StageConfigurationError(SynthesisError):
    """The context's stages cannot be deployed as they are described."""


class DeployerConfigurationError(SynthesisError):
    """The context's deployers cannot be trusted as they are described."""


class LayerBuildError(SynthesisError):
    """A third-party layer could not be installed."""


class PackageTooLargeError(SynthesisError):
    """A function and its layers exceed what Lambda unpacks."""


class SourceMissingError(SynthesisError):
    """A function has no handler in the checkout."""


class AlertPlanInvalidError(SynthesisError):
    """The context `alerts` is not what it may be."""


class UnknownDashboardsError(SynthesisError):
    """The context `dashboards` is none of those that there are."""


class RouteLimitInvalidError(SynthesisError):
    """The context `route_limit` is not what it may be."""
