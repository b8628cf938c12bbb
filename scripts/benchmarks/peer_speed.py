"""The same fitted pipeline behind Lambdaloop's function and behind what others wrote, in one run, on one core each."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.closed_loop import HttpClient, Seen, Send, send_in_turns
from scripts.benchmarks.lambda_environments import LambdaEnvironment, lambda_environment
from scripts.benchmarks.peer_environments import (
    PeerNotInstallableError,
    bytes_below,
    environment_of,
    packages_of,
    version_of,
)
from scripts.benchmarks.peer_servers import PEERS, Peer, Place, Server, free_port
from scripts.benchmarks.peer_table import Figures, NotMeasured, peers_section
from scripts.benchmarks.pinned import on_core, two_cores
from scripts.benchmarks.process_family import memory_of_session, running
from scripts.benchmarks.report import Section
from scripts.benchmarks.sides import Side, lambdaloop_side, request_event
from scripts.benchmarks.store import serve_files
from scripts.benchmarks.trained_models import TrainedModel, train_binary_models

CLIENTS = 8
REQUESTS = 2_500
"""Of each measurement, besides those that warm up: the 99th percentile then has 25 slower ones."""
WARMING = 200
_START_SECONDS = 180
_FOREST = "random forest, 100 trees"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    """What all servers have in common."""

    model: TrainedModel
    ours: Side
    store: str
    folder: Path
    server_core: int
    client_core: int
    requests: int


def peer_speed(advance: Callable[[int, int], None], *, requests: int = REQUESTS) -> Section:
    """One server after the other, each alone."""
    measured: list[Figures | NotMeasured] = []
    with _bench(requests) as bench:
        for measure in (_in_process, _in_lambda, *(_measured(peer) for peer in PEERS)):
            measured.append(measure(bench))
            advance(len(measured), len(PEERS) + 2)
    _check_same_answers(measured)
    return peers_section(measured, clients=CLIENTS, requests=requests)


def _in_process(bench: _Bench) -> Figures:
    with on_core(bench.server_core):
        run = bench.ours.run(
            bench.model, store=bench.store, requests=WARMING + bench.requests, folder=bench.folder
        )
    seconds = run.warm_seconds[WARMING:]
    seen = Seen(seconds=seconds, elapsed=sum(seconds))
    return Figures(
        label="Lambdaloop, in process",
        alone=seen,
        together=seen,
        start_seconds=run.cold_seconds,
        memory_bytes=run.resident_bytes,
        install_bytes=_our_bytes(bench),
        probability=_probability(run.answer),
    )


def _in_lambda(bench: _Bench) -> Figures:
    """Lambda gives an environment one request at a time, so as many clients have as many environments, all on one core."""
    event = request_event(bench.model)
    with ExitStack() as stack:

        def start() -> LambdaEnvironment:
            return stack.enter_context(lambda_environment(bench.ours, _FOREST, event, store=bench.store))

        with on_core(bench.server_core):
            started = time.perf_counter()
            first = start()
            answer = first.ask()
            start_seconds = time.perf_counter() - started
            environments = [first, *(start() for _ in range(CLIENTS - 1))]
        alone, together = _load(bench, environments)
        memory = sum(each.resident_bytes for each in environments)
    return Figures(
        label="Lambdaloop, AWS runtime client",
        alone=alone,
        together=together,
        start_seconds=start_seconds,
        memory_bytes=memory,
        install_bytes=_our_bytes(bench),
        probability=_probability(answer),
    )


def _measured(peer: Peer) -> Callable[[_Bench], Figures | NotMeasured]:
    def measure(bench: _Bench) -> Figures | NotMeasured:
        try:
            environment = environment_of(peer.name)
        except PeerNotInstallableError as error:
            return NotMeasured(label=peer.label, reason=f"cannot be installed here: {error}")
        folder = bench.folder / peer.name
        folder.mkdir()
        place = Place(
            environment=environment, pipeline=bench.model.pipeline, folder=folder, new_port=free_port
        )
        server = peer.prepare(place, bench.model.row)
        label = f"{peer.label} {version_of(environment, peer.package)}"
        return _served(bench, server, label, bytes_below(packages_of(environment)))

    return measure


def _served(bench: _Bench, server: Server, label: str, install_bytes: int) -> Figures:
    log = bench.folder / "server.log"
    with ExitStack() as stack:
        started = time.perf_counter()
        with on_core(bench.server_core):
            process = stack.enter_context(
                running(server.command, environment=server.environment, folder=server.folder, log=log)
            )
        answer = _first_answer(server, process.poll, log)
        start_seconds = time.perf_counter() - started
        clients = [HttpClient(server.port, server.path, server.body) for _ in range(CLIENTS)]
        for client in clients:
            stack.callback(client.close)
        alone, together = _load(bench, clients)
        memory = memory_of_session(process.pid)
    return Figures(
        label=label,
        alone=alone,
        together=together,
        start_seconds=start_seconds,
        memory_bytes=memory,
        install_bytes=install_bytes,
        probability=server.probability(answer),
    )


def _load(bench: _Bench, clients: Sequence[Send]) -> tuple[Seen, Seen]:
    """One client alone, then all of them; each time warm."""
    with on_core(bench.client_core):
        send_in_turns(clients, requests=WARMING)
        alone = send_in_turns(clients[:1], requests=bench.requests)
        return alone, send_in_turns(clients, requests=bench.requests)


def _first_answer(server: Server, ended: Callable[[], int | None], log: Path) -> Any:
    """Asked again and again from the start on, as a load balancer would; RuntimeError with the log when it never comes."""
    deadline, last = time.monotonic() + _START_SECONDS, ""
    while time.monotonic() < deadline and ended() is None:
        client = HttpClient(server.port, server.path, server.body)
        try:
            client()
            return json.loads(client.answer)
        except (OSError, RuntimeError) as error:  # not there yet, or there and not ready
            last = str(error)
            time.sleep(0.02)
        finally:
            client.close()
    raise RuntimeError(
        f"{server.command[0]} did not answer ({last}):\n{log.read_text(errors='replace')[-3000:]}"
    )


def _probability(answer: Any) -> float:
    [prediction] = answer["predictions"]
    return float(prediction["probabilities"]["yes"])


def _check_same_answers(measured: Sequence[Figures | NotMeasured]) -> None:
    """A comparison of speed means nothing unless all predict the same."""
    found = {each.label: each.probability for each in measured if isinstance(each, Figures)}
    if max(found.values()) - min(found.values()) > 1e-6:
        raise RuntimeError(f"the servers disagree: {found}")


def _our_bytes(bench: _Bench) -> int:
    """Function and layers; boto3 and the runtime client are Lambda's."""
    task, *_ = bench.ours.path
    return bytes_below(task, Path(bench.ours.environments[_FOREST]["LAMBDALOOP_OPT"]))


@contextmanager
def _bench(requests: int) -> Iterator[_Bench]:
    server_core, client_core = two_cores()
    with tempfile.TemporaryDirectory(prefix="lambdaloop-bench-") as name:
        folder = Path(name)
        files = folder / "files"
        files.mkdir()
        [model] = [each for each in train_binary_models(files) if each.label == _FOREST]
        with on_core(client_core), serve_files(files) as store:
            yield _Bench(
                model=model,
                ours=lambdaloop_side([model], folder / "ours"),
                store=store,
                folder=folder,
                server_core=server_core,
                client_core=client_core,
                requests=requests,
            )
