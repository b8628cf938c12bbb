"""One MLflow tracking server over HTTP: its REST API 2.0 with the standard library, every failure as one type of error."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

from lambdaloop.domain.errors import TrackingUnavailableError

CALL_SECONDS = 10
_SHOWN = 300


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Credentials go to the server that was named, and to no other."""

    def redirect_request(self, *arguments: Any) -> None:  # noqa: ARG002
        return None


class MlflowApi:
    """Calls of one server. `credentials`: gives a token, or user:password, or None where the server asks for nothing."""

    def __init__(self, uri: str, *, credentials: Callable[[], str | None]) -> None:
        self._uri = uri.rstrip("/")
        self._credentials = credentials
        self._opener = urllib.request.build_opener(_NoRedirects)

    def get(self, method: str, **query: str) -> Any:
        """A call that changes nothing; None when there is no such thing."""
        return self._call("GET", f"/api/2.0/mlflow/{method}?{urllib.parse.urlencode(query)}", None)

    def post(self, method: str, document: Mapping[str, Any]) -> Any:
        """A call with a document."""
        return self._call("POST", f"/api/2.0/mlflow/{method}", json.dumps(document).encode())

    def upload(self, path: str, content: bytes) -> None:
        """An artifact, through a server that proxies them."""
        self._call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{urllib.parse.quote(path)}", content)

    def _call(self, method: str, path: str, body: bytes | None) -> Any:
        kind = "application/octet-stream" if method == "PUT" else "application/json"
        request = urllib.request.Request(  # noqa: S310  (the definition allows http and https only)
            self._uri + path,
            data=body,
            method=method,
            headers={"Content-Type": kind, **self._authorization()},
        )
        where = f"{self._uri}{path.partition('?')[0]}"
        try:
            with self._opener.open(request, timeout=CALL_SECONDS) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            told = error.read().decode("utf-8", "replace")[:_SHOWN]
            if error.code == 404 and "RESOURCE_DOES_NOT_EXIST" in told:
                return None
            raise TrackingUnavailableError(f"{where} answered {error.code}: {told}") from error
        except (OSError, HTTPException, ValueError) as error:
            raise TrackingUnavailableError(f"{where} gave no answer: {error}") from error

    def _authorization(self) -> dict[str, str]:
        secret = (self._credentials() or "").strip()
        if not secret:
            return {}
        if ":" in secret:
            return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
        if not (secret.isascii() and secret.isprintable()):
            # http.client would refuse the header, and show it.
            raise TrackingUnavailableError(
                "the token holds a line break or another sign that no header may have: put the parameter again"
            )
        return {"Authorization": f"Bearer {secret}"}
