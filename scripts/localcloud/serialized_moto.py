"""One request at a time inside moto.

moto's backends are plain dictionaries without locks: two conditional writes can both win, and counters lose
increments. AWS promises the opposite, and our registry is built on that promise.
"""

import json
import re
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from moto import backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import SQSBackend
from werkzeug.wrappers import Response

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LOOK_AGAIN_SECONDS = 0.05
_INVOKE_PATH = re.compile(r"^/2015-03-31/functions/[^/]+/invocations$")


class SerializedMoto:
    """The WSGI application of every AWS service, holding the cloud's lock around each request.

    Two kinds of request run without it, because they make requests of their own while they are answered:
    Lambda Invoke (the function calls AWS) and CloudFormation (which creates resources through their APIs).
    """

    def __init__(self, cloud: Cloud) -> None:
        self._lock = cloud.lock
        # moto looks through its own folder for every request it routes; the folder does not change.
        modules = frozenset(backends.list_of_moto_modules())
        moto_seams.of(cloud).replace(backends, "list_of_moto_modules", lambda: modules)
        self._let_others_in_while_a_queue_is_empty(cloud)
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one AWS API request."""
        try:
            if _makes_requests_itself(environ):
                return self._answer(environ, start_response)
            with self._lock:
                return self._answer(environ, start_response)
        except NotImplementedError as missing:
            return _not_implemented(environ, str(missing))(environ, start_response)

    def _let_others_in_while_a_queue_is_empty(self, cloud: Cloud) -> None:
        """Long polling: moto would wait for a message while it keeps everybody out who could send one."""
        receive = SQSBackend.receive_message

        def receive_message(
            backend: SQSBackend, queue: str, count: int, wait_seconds: int, *arguments: Any, **named: Any
        ) -> Any:
            deadline = time.monotonic() + wait_seconds
            while True:
                messages = receive(backend, queue, count, 0, *arguments, **named)
                if messages or time.monotonic() >= deadline:
                    return messages
                self._lock.release()
                try:
                    time.sleep(_LOOK_AGAIN_SECONDS)
                finally:
                    self._lock.acquire()

        moto_seams.of(cloud).replace(SQSBackend, "receive_message", receive_message)

    def _answer(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        answer = self._moto(environ, start_response)
        try:
            return list(answer)
        finally:
            answer.close()


def signing_service(environ: "WSGIEnvironment") -> str | None:
    """The service a request is signed for: Credential=<key>/<date>/<region>/<service>/aws4_request."""
    credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
    parts: list[str] = credential.split("/")
    return parts[3] if len(parts) > 3 else None


def _makes_requests_itself(environ: "WSGIEnvironment") -> bool:
    if _INVOKE_PATH.match(environ["PATH_INFO"]):
        return True
    return signing_service(environ) == "cloudformation"


def _not_implemented(environ: "WSGIEnvironment", message: str) -> Response:
    # 501 and not 500: SDKs repeat a 500 several times before they show it to anyone.
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        error = f"<Error><Code>NotImplemented</Code><Message>{escape(message)}</Message></Error>"
        return Response(f"<ErrorResponse>{error}</ErrorResponse>", 501, content_type="text/xml")
    body = json.dumps({"__type": "NotImplemented", "message": message})
    return Response(body, 501, content_type="application/json")
