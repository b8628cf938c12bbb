"""A pipeline that is fitted once can be served by all only where everybody has the scikit-learn that fitted it."""

import json
from pathlib import Path

import pytest

from scripts.benchmarks.peer_environments import bytes_below, version_of
from scripts.benchmarks.peer_servers import PEERS, Place
from scripts.pins import PROJECT, Pin, read_pins

LOCKS = PROJECT / "scripts" / "requirements" / "peers"
NAMES = [peer.name for peer in PEERS]


def _pins(path: Path) -> dict[str, list[Pin]]:
    found: dict[str, list[Pin]] = {}
    for pin in read_pins(path.read_text(encoding="utf-8")):
        found.setdefault(pin.name, []).append(pin)
    return found


@pytest.mark.parametrize("peer", NAMES)
def test_a_peer_loads_the_pipeline_with_what_fitted_it(peer: str) -> None:
    theirs, ours = _pins(LOCKS / f"{peer}.txt"), _pins(PROJECT / "layers" / "training" / "requirements.txt")
    for package in ("scikit-learn", "numpy", "scipy", "pandas", "joblib"):
        assert {(pin.version, pin.marker) for pin in theirs[package]} == {
            (pin.version, pin.marker) for pin in ours[package]
        }


@pytest.mark.parametrize("peer", NAMES)
def test_every_package_of_a_peer_is_pinned_with_hashes(peer: str) -> None:
    pins = [pin for found in _pins(LOCKS / f"{peer}.txt").values() for pin in found]
    assert pins
    assert all(pin.hashes for pin in pins)


def test_each_lock_belongs_to_a_peer() -> None:
    assert sorted(path.stem for path in LOCKS.glob("*.txt")) == sorted(NAMES)


def test_the_servers_are_asked_about_one_row_in_their_own_words(tmp_path: Path) -> None:
    row = {"n0": 1.5, "c0": "a"}
    prepared = {}
    for peer in PEERS:
        if peer.name != "mlflow":  # saves the pipeline with MLflow itself
            folder = tmp_path / peer.name
            folder.mkdir()
            place = Place(
                environment=tmp_path,
                pipeline=tmp_path / "forest.joblib",
                folder=folder,
                new_port=lambda: 8080,
            )
            prepared[peer.name] = peer.prepare(place, row)
    assert json.loads(prepared["fastapi"].body) == {"rows": [row]}
    assert json.loads(prepared["bentoml"].body) == {"frame": [row]}
    tensors = json.loads(prepared["mlserver"].body)["inputs"]
    assert [(each["name"], each["datatype"], each["data"]) for each in tensors] == [
        ("n0", "FP64", [1.5]),
        ("c0", "BYTES", ["a"]),
    ]


def test_an_installation_weighs_what_its_files_do_and_links_nothing(tmp_path: Path) -> None:
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    (packages / "mlserver_sklearn-1.7.1.dist-info").mkdir(parents=True)
    (packages / "code.py").write_bytes(b"x" * 100)
    (packages / "same.py").hardlink_to(packages / "code.py")
    (packages / "link.py").symlink_to(packages / "code.py")
    assert bytes_below(packages) == 100
    assert version_of(tmp_path, "mlserver-sklearn") == "1.7.1"
