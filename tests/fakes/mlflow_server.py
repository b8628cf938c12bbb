"""An MLflow tracking server on this machine: the calls of its REST API 2.0 that logging a run takes, with their limits."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_LIMITS = {"metrics": 1000, "params": 100, "tags": 100}
_ALL = 1000
_PROXY = "/api/2.0/mlflow-artifacts/artifacts/"


class _RefusedError(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass
class MlflowServer:
    """What the server keeps, and how it misbehaves."""

    address: str = ""
    experiments: dict[str, str] = field(default_factory=dict)
    """Id by name."""
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    authorizations: set[str | None] = field(default_factory=set)
    calls: int = 0
    breaks_at: int | None = None
    """The call, counted from 1, from which on everything is answered 503."""

    def named(self, name: str) -> dict[str, Any]:
        """The one run of that name."""
        [run] = [each for each in self.runs.values() if each["name"] == name]
        return run

    def answer(self, method: str, path: str, body: bytes) -> Any:
        """One call."""
        self.calls += 1
        if self.breaks_at is not None and self.calls >= self.breaks_at:
            raise _RefusedError(503, "TEMPORARILY_UNAVAILABLE")
        place = urlsplit(path)
        if method == "PUT" and place.path.startswith(_PROXY):
            self.artifacts[unquote(place.path.removeprefix(_PROXY))] = body
            return {}
        asked = json.loads(body) if body else {name: each[0] for name, each in parse_qs(place.query).items()}
        call = getattr(
            self, "_" + place.path.removeprefix("/api/2.0/mlflow/").replace("/", "_").replace("-", "_")
        )
        return call(asked)

    def _experiments_get_by_name(self, asked: dict[str, Any]) -> Any:
        if asked["experiment_name"] not in self.experiments:
            raise _RefusedError(404, "RESOURCE_DOES_NOT_EXIST")
        return {"experiment": {"experiment_id": self.experiments[asked["experiment_name"]]}}

    def _experiments_create(self, asked: dict[str, Any]) -> Any:
        self.experiments[asked["name"]] = str(len(self.experiments) + 1)
        return {"experiment_id": self.experiments[asked["name"]]}

    def _runs_search(self, asked: dict[str, Any]) -> Any:
        tag, _, value = asked["filter"].removeprefix("tags.`").partition("` = ")
        wanted = value[1:-1].replace("\\'", "'")
        found = [each for each in self.runs.values() if each["tags"].get(tag) == wanted]
        listed = [
            {
                "info": each["info"],
                "data": {"tags": [{"key": k, "value": v} for k, v in each["tags"].items()]},
            }
            for each in found[: asked["max_results"]]
        ]
        return {"runs": listed} if listed else {}

    def _runs_create(self, asked: dict[str, Any]) -> Any:
        run_id = f"run{len(self.runs) + 1}"
        info = {
            "run_id": run_id,
            "status": "RUNNING",
            "start_time": asked["start_time"],
            "artifact_uri": f"mlflow-artifacts:/{asked['experiment_id']}/{run_id}/artifacts",
        }
        tags = {each["key"]: each["value"] for each in asked["tags"]}
        self.runs[run_id] = {
            "name": asked["run_name"],
            "info": info,
            "tags": tags,
            "params": {},
            "metrics": {},
        }
        return {"run": {"info": info}}

    def _runs_log_batch(self, asked: dict[str, Any]) -> Any:
        run = self.runs[asked["run_id"]]
        if sum(len(asked.get(kind, [])) for kind in _LIMITS) > _ALL:
            raise _RefusedError(400, "INVALID_PARAMETER_VALUE")
        for kind, limit in _LIMITS.items():
            entries = asked.get(kind, [])
            if len(entries) > limit:
                raise _RefusedError(400, "INVALID_PARAMETER_VALUE")
            for each in entries:
                if kind == "params" and run["params"].get(each["key"], each["value"]) != each["value"]:
                    raise _RefusedError(400, "INVALID_PARAMETER_VALUE")
                if kind == "params" and len(each["value"]) > 500:
                    raise _RefusedError(400, "INVALID_PARAMETER_VALUE")
                run[kind][each["key"]] = each["value"]
        return {}

    def _runs_update(self, asked: dict[str, Any]) -> Any:
        self.runs[asked["run_id"]]["info"].update(status=asked["status"], end_time=asked["end_time"])
        return {}


@contextmanager
def serve_mlflow() -> Iterator[MlflowServer]:
    """Run the server as long as the block."""
    state = MlflowServer()

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            state.authorizations.add(self.headers.get("Authorization"))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                status, answer = 200, state.answer(self.command, self.path, body)
            except _RefusedError as error:
                status, answer = error.status, {"error_code": error.code, "message": "refused"}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _respond  # noqa: N815  (names of the base class)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (the name of the base class)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
