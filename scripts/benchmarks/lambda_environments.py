"""Lambdaloop's function as Lambda runs it: execution environments under AWS's runtime client, one request at a time in each."""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lambdaloop.domain.documents import Document
from lambdaloop.domain.gateway_event import answer_of
from scripts.benchmarks.process_family import resident_bytes
from scripts.benchmarks.sides import Side
from scripts.localcloud.cloud import ACCOUNT_ID, REGION, Cloud
from scripts.localcloud.iam import Iam
from scripts.localcloud.lambda_host.process import FunctionProcess, Layout
from scripts.localcloud.lambda_host.runtime_api import Invocation
from scripts.localcloud.lambda_host.runtime_dir import runtime_dir
from scripts.localcloud.lambda_host.spec import CodeArchive, VersionSpec

_TIMEOUT_SECONDS = 60
_NO_CODE = CodeArchive(sha256="", content=b"")
"""The code is unpacked already."""


@dataclass(frozen=True, slots=True)
class LambdaEnvironment:
    """One of them, and a client of its own."""

    process: FunctionProcess
    payload: bytes

    def __call__(self) -> None:
        """Send the event; RuntimeError when the answer is no prediction."""
        self.ask()

    def ask(self) -> Any:
        """The body of the answer."""
        answer = self.process.invoke(
            Invocation(
                request_id="bench",
                payload=self.payload,
                function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:bench",
                deadline_ms=int((time.time() + _TIMEOUT_SECONDS) * 1000),
            )
        )
        status, body = (0, answer.payload) if answer.failed else answer_of(json.loads(answer.payload))
        if status != 200:
            raise RuntimeError(f"the function answered {status}: {body!r}")
        return body

    @property
    def resident_bytes(self) -> int:
        """What the process holds now."""
        return resident_bytes(self.process.pid)


@contextmanager
def lambda_environment(side: Side, label: str, event: Document, *, store: str) -> Iterator[LambdaEnvironment]:
    """Started, not yet asked. `store` is the address of the bucket, `label` that of the model."""
    port = urlsplit(store).port
    with tempfile.TemporaryDirectory(prefix="lambdaloop-bench-") as name:
        folder = Path(name)
        task, *_ = side.path
        process = FunctionProcess(
            cloud=Cloud(state_dir=folder, port=port or 0, gateway_port=0),
            iam=Iam(),
            spec=VersionSpec(
                function_name="bench",
                version="1",
                handler=f"{side.module}.handler",
                runtime="python3.13",
                role_arn=f"arn:aws:iam::{ACCOUNT_ID}:role/bench",
                timeout_seconds=_TIMEOUT_SECONDS,
                memory_mib=1769,
                environment=tuple(side.environments[label].items()),
                code=_NO_CODE,
                layers=(),
                log_group="bench",
                log_format="Text",
                log_level=None,
            ),
            layout=Layout(
                task_dir=task,
                python_path=side.path[:-1],
                opt_dir=Path(side.environments[label]["LAMBDALOOP_OPT"]),
                runtime_dir=runtime_dir(),
                tmp_root=folder / "tmp",
            ),
            log_stream="bench",
            write_log=lambda _process, _line: None,
        )
        try:
            yield LambdaEnvironment(process, json.dumps(event).encode())
        finally:
            process.kill()
            process.wait(_TIMEOUT_SECONDS)
