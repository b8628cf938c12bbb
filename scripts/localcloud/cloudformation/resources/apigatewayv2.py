"""HTTP APIs: the API, its stages, integrations, routes and authorizers."""

# ruff: noqa: ARG002 - every type has the same methods, and not every one needs every argument

from typing import Any, ClassVar

from scripts.localcloud.cloudformation.resource_type import (
    Physical,
    Place,
    Properties,
    ResourceType,
    chosen,
    tags,
)


class Api(ResourceType):
    """An HTTP API; the local gateway answers at its ApiEndpoint."""

    type = "AWS::ApiGatewayV2::Api"
    applied = frozenset(
        {
            "CorsConfiguration",
            "Description",
            "DisableExecuteApiEndpoint",
            "Name",
            "ProtocolType",
            "RouteSelectionExpression",
            "Tags",
            "Version",
        }
    )
    replaced_by = frozenset({"ProtocolType"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the API."""
        settings = {name: value for name, value in properties.items() if name != "Tags"}
        api = place.client("apigatewayv2").create_api(Tags=tags(properties), **settings)
        endpoint = f"{place.gateway_url}/{api['ApiId']}"
        return Physical(id=api["ApiId"], attributes={"ApiEndpoint": endpoint, "ApiId": api["ApiId"]})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change its settings."""
        client = place.client("apigatewayv2")
        changed = self.changed(properties, previous)
        if "CorsConfiguration" in changed and "CorsConfiguration" not in properties:
            client.delete_cors_configuration(ApiId=physical.id)
        client.update_api(ApiId=physical.id, **chosen(properties, *(changed - {"Tags"})))
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the API with all it contains."""
        place.client("apigatewayv2").delete_api(ApiId=physical.id)


class Stage(ResourceType):
    """A stage of an API; `$default` has no path of its own."""

    type = "AWS::ApiGatewayV2::Stage"
    applied = frozenset(
        {
            "AccessLogSettings",
            "ApiId",
            "AutoDeploy",
            "DefaultRouteSettings",
            "Description",
            "RouteSettings",
            "StageName",
            "StageVariables",
            "Tags",
        }
    )
    replaced_by = frozenset({"ApiId", "StageName"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make the stage."""
        place.client("apigatewayv2").create_stage(**properties)
        return Physical(id=properties["StageName"])

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change its settings; what was removed becomes empty."""
        settings = {
            "AccessLogSettings": {},
            "AutoDeploy": False,
            "DefaultRouteSettings": {},
            "Description": "",
            "RouteSettings": {},
            "StageVariables": {},
        }
        place.client("apigatewayv2").update_stage(
            ApiId=properties["ApiId"],
            StageName=properties["StageName"],
            **{name: properties.get(name, default) for name, default in settings.items()},
        )
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete the stage."""
        place.client("apigatewayv2").delete_stage(ApiId=properties["ApiId"], StageName=physical.id)


class _PartOfApi(ResourceType):
    """What lies inside an API and has an id there: made, changed and deleted by three calls of one shape."""

    noun: ClassVar[str]
    replaced_by = frozenset({"ApiId"})

    def create(self, place: Place, properties: Properties) -> Physical:
        """Make it."""
        made = self._call(place, "create", **properties)
        return Physical(id=made[self._id], attributes={self._id: made[self._id]})

    def update(
        self, place: Place, physical: Physical, properties: Properties, previous: Properties
    ) -> Physical:
        """Change it."""
        # moto's updates keep what is not sent, so everything is.
        self._call(place, "update", **{self._id: physical.id}, **properties)
        return physical

    def delete(self, place: Place, physical: Physical, properties: Properties) -> None:
        """Delete it."""
        self._call(place, "delete", **{self._id: physical.id}, ApiId=properties["ApiId"])

    @property
    def _id(self) -> str:
        return f"{self.noun.capitalize()}Id"

    def _call(self, place: Place, verb: str, **arguments: Any) -> Any:
        return getattr(place.client("apigatewayv2"), f"{verb}_{self.noun}")(**arguments)


class Integration(_PartOfApi):
    """What a route calls."""

    type = "AWS::ApiGatewayV2::Integration"
    noun = "integration"
    applied = frozenset(
        {
            "ApiId",
            "ConnectionType",
            "CredentialsArn",
            "Description",
            "IntegrationMethod",
            "IntegrationSubtype",
            "IntegrationType",
            "IntegrationUri",
            "PassthroughBehavior",
            "PayloadFormatVersion",
            "RequestParameters",
            "TimeoutInMillis",
        }
    )


class Route(_PartOfApi):
    """Which requests go to which integration, and who may send them."""

    type = "AWS::ApiGatewayV2::Route"
    noun = "route"
    applied = frozenset(
        {
            "ApiId",
            "AuthorizationScopes",
            "AuthorizationType",
            "AuthorizerId",
            "OperationName",
            "RouteKey",
            "Target",
        }
    )


class Authorizer(_PartOfApi):
    """Who checks a request's token."""

    type = "AWS::ApiGatewayV2::Authorizer"
    noun = "authorizer"
    applied = frozenset(
        {
            "ApiId",
            "AuthorizerCredentialsArn",
            "AuthorizerPayloadFormatVersion",
            "AuthorizerResultTtlInSeconds",
            "AuthorizerType",
            "AuthorizerUri",
            "EnableSimpleResponses",
            "IdentitySource",
            "JwtConfiguration",
            "Name",
        }
    )
