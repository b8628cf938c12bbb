"""What `lambdaloop doctor` asks AWS, or the local cloud: who the caller is, what is deployed, and how far quotas reach.

A question that may not be asked, or that the local cloud does not answer, is told as such and fails nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdaloop.domain.stage import Stage
from scripts.cli.finding import Finding, failed, ok, unknown, warning

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION = 8
"""What the templates ask for: buckets are deployed with rights that older ones lack."""
CONCURRENCY = 50
"""Fewer requests at once than these throttle a demo already; new accounts may start with ten."""
_NOT_SERVED = {"404", "501", "NotImplemented", "UnknownOperationException"}
_NOT_ALLOWED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_NEARLY = 0.8
_HTTP_API_QUOTAS = ("Routes per", "Authorizers per")

Client = Callable[[str], Any]
"""Makes a client of a service by its name, such as boto3.client."""


def account_findings(
    client: Client,
    names: Stage,
    *,
    region: str | None,
    endpoint: str | None,
    stages: Mapping[str, Any] | None = None,
) -> Iterator[Finding]:
    """One after the other; without credentials or a region only these are told, nor are other accounts than the stage's asked.

    stages: what cdk.json says of them.
    """
    if not region:
        yield failed("region", "none is set", "export AWS_REGION=…, or put one into ~/.aws/config")
        return
    yield ok("region", region)
    try:
        caller = client("sts").get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        yield _nobody(error, endpoint)
        return
    account = caller["Account"]
    yield ok("credentials", f"{caller['Arn']} in account {account}{f' at {endpoint}' if endpoint else ''}")
    if stages and names.name and not endpoint:
        place = place_of_stage(names.name, stages, account=account, region=region)
        yield place
        if place.status == "failed":
            return
    asked: Mapping[str, Callable[[], Iterator[Finding]]] = {
        "bootstrap": lambda: _bootstrap(client, names, region),
        "deployed": lambda: _deployed(client, names),
        "lambda": lambda: _lambda(client),
        "roles": lambda: _roles(client),
        "http api": lambda: _http_api(client, names),
    }
    for name, ask in asked.items():
        try:
            yield from ask()
        except (ClientError, BotoCoreError) as error:
            yield _unanswered(name, error, endpoint)


def _unanswered(name: str, error: ClientError | BotoCoreError, endpoint: str | None) -> Finding:
    if isinstance(error, BotoCoreError):
        return failed(
            name, f"no answer: {error}", "try again; if it stays, look at network, proxy and region"
        )
    code = error.response["Error"]["Code"]
    if endpoint and code in _NOT_SERVED:
        return unknown(name, "the local cloud does not serve it")
    if code in _NOT_ALLOWED:
        return unknown(name, f"these credentials may not ask for it ({error.operation_name})")
    return failed(
        name,
        f"{error.operation_name}: {code}",
        "try again; if it stays, look at the message in the AWS console",
    )


def _nobody(error: Exception, endpoint: str | None) -> Finding:
    fix = (
        "run `lambdaloop local up`, and export what it prints"
        if endpoint
        else "run `aws configure` or `aws sso login`, or set AWS_PROFILE"
    )
    return failed("credentials", f"nobody: {error}", fix)


def place_of_stage(stage: str, stages: Mapping[str, Any], *, account: str, region: str) -> Finding:
    """Whether the credentials and the region are those that cdk.json has for the stage."""
    if stage not in stages:
        return failed(
            "stage", f"{stage} is not in cdk.json ({', '.join(stages)})", "add it, or ask for another"
        )
    wanted = stages[stage].get("account", account), stages[stage].get("region", region)
    told = "{} is account {} in {}".format(stage, *wanted)
    if wanted == (account, region):
        return ok("stage", told)
    return failed(
        "stage",
        f"{told}, and this is {account} in {region}",
        f"set AWS_PROFILE to credentials of {wanted[0]}, and AWS_REGION to {wanted[1]}",
    )


def _bootstrap(client: Client, names: Stage, region: str) -> Iterator[Finding]:
    parameters = client("ssm")
    try:
        found = int(parameters.get_parameter(Name=BOOTSTRAP_PARAMETER)["Parameter"]["Value"])
    except parameters.exceptions.ParameterNotFound:
        yield failed(
            "bootstrap",
            f"CDK has never been bootstrapped in {region}",
            f"run `{names.cdk('bootstrap')}`, once for each account and region",
        )
        return
    if found < BOOTSTRAP_VERSION:
        yield failed(
            "bootstrap",
            f"version {found}, and {BOOTSTRAP_VERSION} is needed",
            f"run `{names.cdk('bootstrap')}` again",
        )
    else:
        yield ok("bootstrap", f"version {found}")


def _deployed(client: Client, names: Stage) -> Iterator[Finding]:
    pages = client("cloudformation").get_paginator("describe_stacks").paginate()
    stacks = {each["StackName"]: each["StackStatus"] for page in pages for each in page["Stacks"]}
    platform = names.platform_stack
    if platform not in stacks:
        yield warning("deployed", f"there is no stack {platform}", f"run `{names.cdk('deploy --all')}`")
        return
    ours = {
        name: status for name, status in stacks.items() if name == platform or name.startswith(f"{platform}-")
    }
    for name, status in ours.items():
        if status.endswith("_FAILED") or status.startswith("ROLLBACK"):
            yield failed(
                "deployed", f"{name} is {status}", f"look at its events, then `{names.cdk(f'deploy {name}')}`"
            )
    models = [name.removeprefix(f"{platform}-") for name in ours if name != platform]
    yield ok("deployed", f"{platform} with {', '.join(sorted(models)) or 'no model'}")


def _lambda(client: Client) -> Iterator[Finding]:
    settings = client("lambda").get_account_settings()
    limit, usage = settings["AccountLimit"], settings["AccountUsage"]
    at_once = limit["UnreservedConcurrentExecutions"]
    told = f"{at_once:,} requests at once"
    if at_once < CONCURRENCY:
        fix = "ask for more: `aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000`"
        yield warning("lambda concurrency", told, fix)
    else:
        yield ok("lambda concurrency", told)
    yield quota(
        "lambda code storage",
        usage["TotalCodeSize"] / 1e9,
        limit["TotalCodeSize"] / 1e9,
        "GB",
        "lower release.keep_lambda_versions, or ask for more",
    )


def _roles(client: Client) -> Iterator[Finding]:
    counts = client("iam").get_account_summary()["SummaryMap"]
    if "Roles" not in counts or "RolesQuota" not in counts:
        yield unknown("roles", "the account's summary does not count them")
        return
    yield quota(
        "roles",
        counts["Roles"],
        counts["RolesQuota"],
        "IAM roles",
        "ask for more before the next model: each has about 30",
    )


def _http_api(client: Client, names: Stage) -> Iterator[Finding]:
    pages = client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="apigateway")
    quotas = {each["QuotaName"]: each["Value"] for page in pages for each in page["Quotas"]}
    api = _output(client, names.platform_stack, "ApiId")
    if api is None:
        return
    gateway = client("apigatewayv2")
    used = {
        "Routes per": sum(
            len(page["Items"]) for page in gateway.get_paginator("get_routes").paginate(ApiId=api)
        ),
        "Authorizers per": len(gateway.get_authorizers(ApiId=api)["Items"]),
    }
    for beginning in _HTTP_API_QUOTAS:
        of_http = [
            (name, value)
            for name, value in quotas.items()
            if name.startswith(beginning) and "HTTP" in name.upper()
        ]
        for name, value in of_http:
            yield quota(
                "http api", used[beginning], value, name.lower(), "ask for more before the next model"
            )


def _output(client: Client, stack: str, key: str) -> str | None:
    pages = client("cloudformation").get_paginator("describe_stacks").paginate()
    for each in (each for page in pages for each in page["Stacks"] if each["StackName"] == stack):
        return next((o["OutputValue"] for o in each.get("Outputs", []) if o["OutputKey"] == key), None)
    return None


def quota(name: str, used: float, limit: float, unit: str, fix: str) -> Finding:
    """How near a limit is."""
    told = f"{used:,.4g} of {limit:,.6g} {unit} are used"
    if used >= limit:
        return failed(name, told, fix)
    return warning(name, told, fix) if used > _NEARLY * limit else ok(name, told)
