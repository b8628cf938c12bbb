"""HTTP requests reach the live alias of their model, opened the way the definition says."""

import pytest

from tests.infra.synthesis import Template


@pytest.mark.parametrize(
    ("model", "authorization"),
    [("churn", "AWS_IAM"), ("price", "NONE"), ("species", "JWT"), ("credit", "CUSTOM")],
)
def test_a_models_paths_are_opened_as_its_definition_says(
    model: str, authorization: str, templates: dict[str, Template]
) -> None:
    routes = templates[f"Lambdaloop-{model}"].of_type("AWS::ApiGatewayV2::Route").values()
    predicting = [
        each
        for each in routes
        if each["RouteKey"].startswith("ANY /") and "/approvals/" not in each["RouteKey"]
    ]
    assert {each["RouteKey"]: each["AuthorizationType"] for each in predicting} == {
        f"ANY /models/{model}/{{proxy+}}": authorization,
        f"ANY /v2/models/{model}": authorization,
        f"ANY /v2/models/{model}/{{proxy+}}": authorization,
    }


def test_bearer_tokens_are_checked_for_issuer_and_audience(templates: dict[str, Template]) -> None:
    template = templates["Lambdaloop-species"]
    [(id_, authorizer)] = template.of_type("AWS::ApiGatewayV2::Authorizer").items()
    assert authorizer["JwtConfiguration"] == {
        "Issuer": "https://issuer.example.com",
        "Audience": ["species-clients"],
    }
    routes = template.of_type("AWS::ApiGatewayV2::Route").values()
    asked = [each for each in routes if not each["RouteKey"].startswith("OPTIONS ")]
    assert asked
    assert all(each["AuthorizerId"] == {"Ref": id_} for each in asked)


def test_api_keys_are_asked_about_for_every_request_by_a_function_that_only_the_authorizer_may_invoke(
    templates: dict[str, Template],
) -> None:
    template = templates["Lambdaloop-credit"]
    [(id_, authorizer)] = template.of_type("AWS::ApiGatewayV2::Authorizer").items()
    assert authorizer["IdentitySource"] == ["$request.header.x-api-key"]
    assert authorizer["AuthorizerResultTtlInSeconds"] == 0
    assert (authorizer["AuthorizerPayloadFormatVersion"], authorizer["EnableSimpleResponses"]) == (
        "2.0",
        True,
    )
    routes = template.of_type("AWS::ApiGatewayV2::Route").values()
    assert all(each["AuthorizerId"] == {"Ref": id_} for each in routes)
    [function] = [id_ for id_ in template.of_type("AWS::Lambda::Function") if "Authorize" in id_]
    [permission] = [
        each
        for each in template.of_type("AWS::Lambda::Permission").values()
        if each["FunctionName"] == {"Fn::GetAtt": [function, "Arn"]}
    ]
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Join"][1][-2:] == ["/authorizers/", {"Ref": id_}]


def test_pages_of_the_named_sites_may_ask_and_a_browser_needs_no_token_to_find_out(
    templates: dict[str, Template],
) -> None:
    [api] = templates["Lambdaloop"].of_type("AWS::ApiGatewayV2::Api").values()
    rules = api["CorsConfiguration"]
    assert (rules["AllowOrigins"], rules["AllowMethods"]) == (["https://app.example.com"], ["GET", "POST"])
    assert {"authorization", "content-type", "idempotency-key"} <= set(rules["AllowHeaders"])
    assert "AllowCredentials" not in rules
    routes = templates["Lambdaloop-species"].of_type("AWS::ApiGatewayV2::Route").values()
    preflights = {
        each["RouteKey"]: each["AuthorizationType"]
        for each in routes
        if each["RouteKey"].startswith("OPTIONS ")
    }
    assert preflights == {
        "OPTIONS /models/species/{proxy+}": "NONE",
        "OPTIONS /v2/models/species": "NONE",
        "OPTIONS /v2/models/species/{proxy+}": "NONE",
    }


def test_no_model_is_opened_to_pages_that_its_definition_does_not_name(churn: Template) -> None:
    routes = churn.of_type("AWS::ApiGatewayV2::Route").values()
    assert not [each for each in routes if each["RouteKey"].startswith("OPTIONS ")]


def test_every_route_leads_to_the_live_alias(churn: Template) -> None:
    [(id_, integration)] = churn.of_type("AWS::ApiGatewayV2::Integration").items()
    assert integration["IntegrationUri"] == {"Ref": "InferenceLiveAlias"}
    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")
    for route in churn.of_type("AWS::ApiGatewayV2::Route").values():
        assert route["Target"] == {"Fn::Join": ["", ["integrations/", {"Ref": id_}]]}


def test_the_api_may_invoke_the_live_alias_for_the_models_paths_only(churn: Template) -> None:
    permissions = [
        each
        for each in churn.of_type("AWS::Lambda::Permission").values()
        if each["Principal"] == "apigateway.amazonaws.com"
    ]
    assert all(each["FunctionName"] == {"Ref": "InferenceLiveAlias"} for each in permissions)
    assert {each["SourceArn"]["Fn::Join"][1][-1] for each in permissions} == {
        "/*/*/models/churn/*",
        "/*/*/v2/models/churn*",
    }
