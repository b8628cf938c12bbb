"""How many requests each route takes: said in the context, checked, and in the template."""

import pytest

from infra.app import new_app
from infra.config import Config
from infra.errors import RouteLimitInvalidError
from infra.route_limit import RouteLimit, read_route_limit
from tests.infra.synthesis import DEFINITIONS, PROJECT, Template


def test_the_stage_gives_every_route_the_default_limit(platform: Template) -> None:
    [stage] = platform.of_type("AWS::ApiGatewayV2::Stage").values()
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 500, "ThrottlingBurstLimit": 1000}


def test_the_contexts_limit_is_the_routes_limit() -> None:
    context = {"models": str(DEFINITIONS.relative_to(PROJECT)), "route_limit": '{"requests_per_second": 20}'}
    config = Config.from_context(new_app(context=context).node)
    assert config.route_limit == RouteLimit(requests_per_second=20, burst=1000)


@pytest.mark.parametrize("said", [{"requests_per_second": 20}, '{"requests_per_second": 20}'])
def test_what_is_not_said_stays_as_it_is(said: object) -> None:
    assert read_route_limit(said) == RouteLimit(requests_per_second=20, burst=1000)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("20", "must be an object with requests_per_second and burst, got 20"),
        ("{", "is no JSON"),
        ({"rate": 20}, "has 'rate': use requests_per_second and burst"),
        ({"burst": 0}, "burst must be a whole number from 1 to 5000, got 0"),
        ({"requests_per_second": 20_000}, "from 1 to 10000, got 20000"),
        ({"burst": True}, "got True"),
    ],
)
def test_a_limit_that_api_gateway_would_refuse_is_refused_at_synthesis(said: object, why: str) -> None:
    with pytest.raises(RouteLimitInvalidError) as raised:
        read_route_limit(said)
    assert why in str(raised.value)
