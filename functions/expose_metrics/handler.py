"""What a Prometheus server scrapes: the state of all models, out of CloudWatch and the registry.

Instances are many and short-lived, so none of them could be scraped itself.
"""

import json

from lambdaloop.bootstrap import App, lambda_entrypoint
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.exposition import content_type_for, exposition
from lambdaloop.domain.fleet_metrics import fleet_metrics
from lambdaloop.domain.http_answer import PROBLEM_TYPE, SECURITY_HEADERS, problem_body
from lambdaloop.services.observe_fleet import observe_fleet


def handle(event: Document, app: App) -> Document:
    """API Gateway's event (payload format 2.0) → the metrics, or 503 without any: half of them would be a lie."""
    content_type = content_type_for(event["headers"].get("accept", ""))
    try:
        state = observe_fleet(
            [name for name in (app.settings.api_models or "").split(",") if name],
            versions=app.registry,
            releases=app.registry,
            windows=app.windows,
            figures=app.fleet,
            at=app.clock.now(),
        )
    except BackendUnavailableError as error:
        problem = problem_body(503, str(error), request_id=event["requestContext"]["requestId"])
        return _response(503, json.dumps(problem), PROBLEM_TYPE)
    return _response(200, exposition(fleet_metrics(state), content_type), content_type)


def _response(status: int, body: str, content_type: str) -> Document:
    return {
        "statusCode": status,
        "headers": {"content-type": content_type, **SECURITY_HEADERS, "vary": "accept"},
        "body": body,
        "isBase64Encoded": False,
    }


handler = lambda_entrypoint(handle)
