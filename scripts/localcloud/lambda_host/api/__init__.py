"""The Lambda API: moto's, with the operations replaced whose behaviour decides whether a release is safe."""

from scripts.localcloud.lambda_host.api.aliases import AliasesApi
from scripts.localcloud.lambda_host.api.event_sources import EventSourcesApi
from scripts.localcloud.lambda_host.api.events import EventsApi
from scripts.localcloud.lambda_host.api.functions import FunctionsApi
from scripts.localcloud.lambda_host.api.invoke import InvokeApi
from scripts.localcloud.lambda_host.api.policy import PolicyApi


class LambdaApi(InvokeApi, FunctionsApi, AliasesApi, PolicyApi, EventsApi, EventSourcesApi):
    """Answers every request to Lambda."""
