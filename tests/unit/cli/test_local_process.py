"""A leftover of a local cloud is not mistaken for a running one."""

import json
import os
from pathlib import Path

import pytest

from scripts.cli.local_process import find_local_cloud


@pytest.mark.localcloud
def test_a_file_that_names_another_process_is_no_local_cloud(tmp_path: Path) -> None:
    leftover = {"endpoint_url": "http://127.0.0.1:9", "gateway_port": 9, "pid": os.getpid()}
    (tmp_path / "endpoint.json").write_text(json.dumps(leftover))
    assert find_local_cloud(tmp_path) is None


def test_without_a_file_there_is_none(tmp_path: Path) -> None:
    assert find_local_cloud(tmp_path) is None
