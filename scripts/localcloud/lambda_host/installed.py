"""Which Lambda host this process runs: one, because moto's backends exist once per process too."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.localcloud.lambda_host.host import LambdaHost

_hosts: "list[LambdaHost]" = []


def host() -> "LambdaHost":
    """The Lambda host of the local cloud in this process.

    Raises RuntimeError when none was installed.
    """
    found = find_host()
    if found is None:
        raise RuntimeError(
            "no Lambda host in this process: call scripts.localcloud.lambda_host.install(cloud) first"
        )
    return found


def find_host() -> "LambdaHost | None":
    """The Lambda host of the local cloud in this process, if there is one."""
    return _hosts[0] if _hosts else None


def replace(host: "LambdaHost") -> None:
    """Make `host` the one that moto's functions run on; an earlier one is shut down."""
    for earlier in tuple(_hosts):  # each one forgets itself
        earlier.shutdown()
    _hosts[:] = [host]


def forget(host: "LambdaHost") -> None:
    """The host was shut down."""
    if host in _hosts:
        _hosts.remove(host)
