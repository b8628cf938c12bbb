"""CloudFormation for the local cloud, in place of moto's.

moto's own creates resources inside its backends, drops many of their properties, cannot update most of them and
only warns about types it does not know. Here a stack is deployed the way AWS does it: every resource is created,
changed in place, replaced or deleted through the API of its service, and a failure is rolled back.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import BackendRequest, DomainDispatcherApplication
from werkzeug.wrappers import Response

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud
from scripts.localcloud.cloudformation import http_apis
from scripts.localcloud.cloudformation.api import StackApi
from scripts.localcloud.cloudformation.stacks import Stacks
from scripts.localcloud.serialized_moto import signing_service

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def install(cloud: Cloud) -> None:
    """Answer CloudFormation requests from here on."""
    stacks = Stacks(cloud)
    application_in_moto = DomainDispatcherApplication.get_application

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = BackendRequest(environ)
        status, headers, body = StackApi(cloud, stacks).answer(request)
        return Response(body, status, headers)(environ, start_response)

    def get_application(self: DomainDispatcherApplication, environ: "WSGIEnvironment") -> Any:
        if signing_service(environ) == "cloudformation":
            return answer
        return application_in_moto(self, environ)

    # Not through moto.cloudformation: importing it takes a second, because it imports every service there is.
    moto_seams.of(cloud).replace(DomainDispatcherApplication, "get_application", get_application)
    http_apis.install(cloud)
    cloud.status["stacks"] = lambda: {stack.name: stack.status for stack in stacks.living()}
