"""The part of Lambda's control plane that a release uses, with the behaviour that moto lacks.

RevisionId of functions and aliases is checked; a changed function is InProgress for a while and can then be neither
changed nor published; alias weights are kept when a request does not mention them.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest

Reply = tuple[int, dict[str, str], bytes]
Answer = Callable[[dict[str, str], dict[str, Any]], Any]
"""The function itself: environment variables and event to answer; an exception is a function error."""


class LambdaApi:
    """One function with a bootstrap version 1 and an alias `live` on it."""

    def __init__(self, function: str = "inference", *, answer: Answer | None = None) -> None:
        self.function = function
        self.answer_event = answer
        self.updates_in_progress = 0
        """So many requests find the function InProgress after each change."""
        self.pending = 0
        """So many requests find a published version Pending."""
        self.failed: str | None = None
        """Why Lambda can neither apply a change nor prepare a version."""
        self._revisions = 0
        self._published = 0
        self._unsettled = 0
        self.latest: dict[str, Any] = {
            "FunctionName": function,
            "Version": "$LATEST",
            "CodeSha256": "code-1",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "Environment": {"Variables": {"LAMBDALOOP_MODEL": "churn"}},
            "RevisionId": self._revision(),
        }
        self.versions: dict[str, dict[str, Any]] = {}
        self._add_version()
        self.alias: dict[str, Any] = {
            "Name": "live",
            "FunctionVersion": "1",
            "RevisionId": self._revision(),
        }

    def deploy_code(self, sha256: str) -> None:
        """What `cdk deploy` does: new code, and the template's environment without the pin."""
        self.latest |= {
            "CodeSha256": sha256,
            "RevisionId": self._revision(),
            "Environment": {"Variables": {"LAMBDALOOP_MODEL": "churn"}},
        }

    def answer(self, operation: str, request: AWSPreparedRequest) -> Reply:
        """Answer one request of the REST API."""
        url = urlsplit(request.url)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        path = [unquote(part) for part in url.path.split("/")[3:]]
        assert path[0] == self.function
        raw: Any = request.body or b"{}"
        body = json.loads(raw.read() if hasattr(raw, "read") else raw)
        return {
            "lambda.GetFunctionConfiguration": self._get_configuration,
            "lambda.UpdateFunctionConfiguration": self._update_configuration,
            "lambda.PublishVersion": self._publish,
            "lambda.ListVersionsByFunction": self._list_versions,
            "lambda.GetAlias": self._get_alias,
            "lambda.UpdateAlias": self._update_alias,
            "lambda.Invoke": self._invoke,
            "lambda.DeleteFunction": self._delete,
        }[operation](query, body)

    def _get_configuration(self, query: dict[str, str], _: Any) -> Reply:
        qualifier = query.get("Qualifier")
        if self.failed is not None:
            state = {"State": "Failed", "StateReason": self.failed}
            return _json(
                200,
                {**self.latest, **state, "LastUpdateStatus": "Failed", "LastUpdateStatusReason": self.failed},
            )
        if qualifier is None:
            return _json(200, {**self.latest, "LastUpdateStatus": self._settle()})
        if qualifier not in self.versions:
            return _error(404, "ResourceNotFoundException")
        readiness = "Active"
        if self.pending:
            self.pending -= 1
            readiness = "Pending"
        return _json(200, {**self.versions[qualifier], "State": readiness})

    def _update_configuration(self, _: Any, body: dict[str, Any]) -> Reply:
        if (refusal := self._refusal(body)) is not None:
            return refusal
        self.latest |= {"Environment": body["Environment"], "RevisionId": self._revision()}
        self._unsettled = self.updates_in_progress
        return _json(
            200, {**self.latest, "LastUpdateStatus": "InProgress" if self._unsettled else "Successful"}
        )

    def _publish(self, _: Any, body: dict[str, Any]) -> Reply:
        if (refusal := self._refusal(body)) is not None:
            return refusal
        newest = self.versions.get(str(self._published))
        if newest is not None and all(
            newest[name] == self.latest[name] for name in ("CodeSha256", "Environment")
        ):
            return _json(201, newest)  # Lambda publishes nothing when nothing changed
        return _json(201, self._add_version())

    def _refusal(self, body: dict[str, Any]) -> Reply | None:
        if body.get("RevisionId") not in (None, self.latest["RevisionId"]):
            return _error(412, "PreconditionFailedException")
        if self._settle() == "InProgress":
            return _error(409, "ResourceConflictException")
        return None

    def _list_versions(self, query: dict[str, str], _: Any) -> Reply:
        """Pages of two, to prove that all are read."""
        everything = [self.latest, *self.versions.values()]
        first = int(query.get("Marker", "0"))
        page = {"Versions": everything[first : first + 2]}
        if first + 2 < len(everything):
            page["NextMarker"] = str(first + 2)  # type: ignore[assignment]
        return _json(200, page)

    def _get_alias(self, *_: Any) -> Reply:
        return _json(200, self.alias)

    def _update_alias(self, _: Any, body: dict[str, Any]) -> Reply:
        if body.get("RevisionId") not in (None, self.alias["RevisionId"]):
            return _error(412, "PreconditionFailedException")
        weights = body.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        if {body["FunctionVersion"], *(weights or {})} - self.versions.keys():
            return _error(404, "ResourceNotFoundException")
        self.alias |= {"FunctionVersion": body["FunctionVersion"], "RevisionId": self._revision()}
        self.alias["Description"] = body.get("Description", self.alias.get("Description", ""))
        if weights:
            self.alias["RoutingConfig"] = {"AdditionalVersionWeights": weights}
        elif weights is not None:
            self.alias.pop("RoutingConfig", None)
        return _json(200, self.alias)

    def _delete(self, query: dict[str, str], _: Any) -> Reply:
        """One version: never the function, and none that the alias sends requests to."""
        version = query["Qualifier"]
        weights = self.alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        if version in {self.alias["FunctionVersion"], *weights}:
            return _error(409, "ResourceConflictException")
        if self.versions.pop(version, None) is None:
            return _error(404, "ResourceNotFoundException")
        return 204, {}, b""

    def _invoke(self, query: dict[str, str], event: dict[str, Any]) -> Reply:
        assert self.answer_event is not None
        variables = self.versions[query["Qualifier"]]["Environment"]["Variables"]
        try:
            return _json(200, self.answer_event(variables, event))
        except ValueError as error:
            problem = {"errorType": "ValueError", "errorMessage": str(error)}
            return 200, {"X-Amz-Function-Error": "Unhandled"}, json.dumps(problem).encode()

    def _settle(self) -> str:
        if self._unsettled:
            self._unsettled -= 1
            return "InProgress"
        return "Successful"

    def _add_version(self) -> dict[str, Any]:
        self._published += 1
        number = str(self._published)
        self.versions[number] = {**deepcopy(self.latest), "Version": number, "RevisionId": self._revision()}
        return self.versions[number]

    def _revision(self) -> str:
        self._revisions += 1
        return f"revision-{self._revisions}"


def _json(status: int, document: Any) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()


def _error(status: int, code: str) -> Reply:
    return status, {"x-amzn-ErrorType": code}, json.dumps({"Type": "User", "message": code}).encode()
