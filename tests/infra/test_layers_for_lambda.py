"""The layers that go into AWS: for its processor and Python, and small enough with room to spare."""

import zipfile
from collections.abc import Iterator

import pytest

from infra.layer_assets import LAYERS, main
from infra.package_size import LIMIT_BYTES
from infra.packages import Packages
from infra.targets import find_target
from tests.infra.synthesis import PROJECT

PACKAGES = Packages(root=PROJECT, target=find_target("python3.13-arm64"))
ELF, AARCH64 = b"\x7fELF", 183


def _libraries(layer: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(PACKAGES.third_party(layer).path) as archive:
        for name in archive.namelist():
            if ".so" in name:
                with archive.open(name) as file:
                    yield name, file.read(20)


@pytest.mark.parametrize("layer", LAYERS)
def test_every_native_library_is_for_lambdas_processor(layer: str) -> None:
    found = list(_libraries(layer))
    assert found
    for name, head in found:
        assert head[:4] == ELF, name
        assert int.from_bytes(head[18:20], "little") == AARCH64, name
    assert any("cpython-313-aarch64" in name for name, _ in found)


def test_serving_keeps_within_its_60_megabytes() -> None:
    parts = (PACKAGES.core(), PACKAGES.third_party("serving"), PACKAGES.function("inference"))
    assert sum(each.unzipped_bytes for each in parts) <= 60e6


@pytest.mark.parametrize(
    ("layer", "function"), [("training", "package_model"), ("serving-sklearn", "inference")]
)
def test_scikit_learn_leaves_room_below_lambdas_limit(layer: str, function: str) -> None:
    parts = (PACKAGES.core(), PACKAGES.third_party(layer), PACKAGES.function(function))
    assert sum(each.unzipped_bytes for each in parts) <= 0.95 * LIMIT_BYTES


def test_the_command_tells_sizes_and_refuses_targets_it_does_not_know(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["serving"]) == 0
    assert "MB unzipped" in capsys.readouterr().err
    assert main(["--target", "vax"]) == 1
    assert "unknown target 'vax'" in capsys.readouterr().err
