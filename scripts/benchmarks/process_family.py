"""A server with all processes that it starts: how much memory they hold, and their end. Linux only."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_PROC = Path("/proc")
_PATIENCE_SECONDS = 20


@contextmanager
def running(
    command: Sequence[str | Path], *, environment: Mapping[str, str], folder: Path, log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process in a session of its own; whatever belongs to the session is ended with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def memory_of_session(session: int) -> int:
    """Resident bytes of all its processes together; what they share counts for each."""
    return sum(resident_bytes(pid) for pid in members(session))


def resident_bytes(pid: int, *, proc: Path = _PROC) -> int:
    """Of one process; 0 when it is gone."""
    try:
        pages = (proc / str(pid) / "statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def members(session: int, *, proc: Path = _PROC) -> list[int]:
    """Ids of the living processes of a session."""
    pids = [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _session_of(pid, proc) == session]


def children_of(parent: int, *, proc: Path = _PROC) -> list[int]:
    """Ids of the processes that it started, as far as they live; each of its threads has its own."""
    found: list[int] = []
    for thread in (proc / str(parent) / "task").iterdir():
        try:
            found += map(int, (thread / "children").read_text().split())
        except OSError:  # the thread has ended
            continue
    return found


def _session_of(pid: int, proc: Path) -> int | None:
    """None when it is gone. Its name, in brackets, may hold anything, so fields are counted from behind it."""
    try:
        text = (proc / str(pid) / "stat").read_text()
    except OSError:
        return None
    state, _parent, _group, session = text.rpartition(")")[2].split()[:4]
    return None if state == "Z" else int(session)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask politely, and then not."""
    for wish in (signal.SIGTERM, signal.SIGKILL):
        for pid in members(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, wish)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while members(process.pid) and time.monotonic() < deadline:
            process.poll()
            time.sleep(0.05)
    process.wait()
