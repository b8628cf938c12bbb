"""What every test lives under: no network but loopback, and AWS credentials that open nothing."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_socket
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


def pytest_configure() -> None:
    """Keep a developer's own AWS account out of reach, whatever their shell says."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE", "AWS_CA_BUNDLE"):
        os.environ.pop(name, None)
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


class BySharedFixture(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps tests together that share something costly: a deployed site, the synthesized templates; else those of a file."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path.startswith("tests/e2e/") and not path.startswith("tests/e2e/test_demo"):
            # Two sites, side by side: one would be at it longer than all other tests together.
            return "tests/e2e, first half" if path < "tests/e2e/test_least" else "tests/e2e, second half"
        return "tests/infra" if path.startswith("tests/infra/") else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BySharedFixture:
    """Spread the tests over the workers of `--numprocesses`."""
    return BySharedFixture(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left alone with it in the end."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/e2e/"))


@pytest.fixture(autouse=True)
def _loopback_only(request: pytest.FixtureRequest) -> Iterator[None]:
    """Only tests of the local cloud open sockets, and only to this machine."""
    if request.node.get_closest_marker("localcloud"):
        pytest_socket.enable_socket()
        pytest_socket.socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)
    else:
        pytest_socket.disable_socket()
    yield
    pytest_socket.enable_socket()  # for the shared fixtures of whatever module comes next
