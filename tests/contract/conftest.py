"""Every promise of a port is tested twice: on the fake that the unit tests use, and on the adapter over AWS in memory."""

from collections.abc import Iterator

import pytest

from tests.contract.aws import Aws, aws_in_memory
from tests.contract.release_world import predict


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with aws_in_memory(monkeypatch, predict) as aws:
        yield aws
