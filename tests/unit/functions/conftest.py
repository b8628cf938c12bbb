"""The event loop that Mangum runs requests on. Opening one takes a pair of sockets, and nothing else here may."""

import asyncio
from collections.abc import Iterator

import pytest
import pytest_socket


@pytest.fixture(scope="session", autouse=True)
def _event_loop() -> Iterator[None]:
    pytest_socket.enable_socket()
    loop = asyncio.new_event_loop()
    pytest_socket.disable_socket()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()
