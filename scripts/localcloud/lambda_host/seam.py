"""Where the Lambda host takes moto's place: the function class, publishing, and the API's request handler."""

from collections import Counter
from typing import Any

from moto.awslambda import models, urls

from scripts.localcloud import moto_seams
from scripts.localcloud.lambda_host import installed
from scripts.localcloud.lambda_host.api import LambdaApi
from scripts.localcloud.lambda_host.function import HostedFunction
from scripts.localcloud.lambda_host.host import LambdaHost


def attach(host: LambdaHost) -> None:
    """Let moto's Lambda run on `host`; must come before the first request to Lambda."""
    installed.replace(host)
    numbers: Counter[str] = Counter()

    def publish_version(storage: Any, name_or_arn: str, description: str = "") -> HostedFunction:
        """Publish $LATEST, or return the last version where nothing has changed; numbers are never reused."""
        latest: HostedFunction = storage.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
        versions: list[HostedFunction] = storage._functions[latest.function_name]["versions"]  # noqa: SLF001
        if versions and versions[-1].published_from == latest.fingerprint():
            return versions[-1]
        numbers[latest.function_name] += 1
        version = latest.published(numbers[latest.function_name], description)
        versions.append(version)
        storage._arns[version.function_arn] = version  # noqa: SLF001
        latest.lifecycle.touch()
        return version

    seams = moto_seams.of(host.cloud)
    seams.replace(models, "LambdaFunction", HostedFunction)
    seams.replace(models.LambdaStorage, "publish_version", publish_version)
    seams.replace(urls, "url_paths", dict.fromkeys(urls.url_paths, LambdaApi.dispatch))
