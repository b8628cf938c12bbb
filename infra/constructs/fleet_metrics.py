"""Where a Prometheus server scrapes: one signed route, and a function that may read what it tells and nothing else."""

from collections.abc import Sequence

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.constructs.layers import Layer
from infra.constructs.python_function import PythonFunction
from infra.grants import read_alarms, read_metrics, read_whole_registry
from infra.packages import Packages
from lambdaloop.settings import Settings


class FleetMetrics(Construct):
    """`GET /metrics` of the shared API. It opens the way all of the API is opened: to signed requests."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        packages: Packages,
        layers: Sequence[Layer],
        models: Sequence[str],
        registry: dynamodb.ITable,
        api: apigateway.HttpApi,
    ) -> None:
        super().__init__(scope, id_)
        self.function = PythonFunction(
            self,
            "ExposeMetrics",
            verb="expose_metrics",
            description="Tells a Prometheus server about all models",
            packages=packages,
            layers=layers,
            settings=Settings(api_models=",".join(models), registry_table=registry.table_name),
            grants=[read_whole_registry(registry, "GetItem", "Query"), read_metrics(), read_alarms()],
            timeout_seconds=29,  # API Gateway waits for 30
        ).function
        api.add_routes(
            path="/metrics",
            methods=[apigateway.HttpMethod.GET],
            integration=HttpLambdaIntegration("Metrics", self.function),
        )
