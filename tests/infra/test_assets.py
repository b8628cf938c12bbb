"""Packages are the same for the same input, hold what they should, and are refused when Lambda would refuse them."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from infra.assets import Asset, identity, make_once, write_zip
from infra.errors import LayerBuildError, PackageTooLargeError, SourceMissingError, SynthesisError
from infra.layer_recipe import build_layer
from infra.package_size import LIMIT_BYTES, check_package_size
from infra.packages import Packages
from infra.targets import find_target
from lambdaloop.definition_schema import load_definition
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import from_document
from tests.infra.synthesis import DEFINITIONS, PROJECT, small_checkout

HOST = find_target("host")


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    root = tmp_path / "checkout"
    root.mkdir()
    return Packages(root=small_checkout(root), target=HOST)


def _names(asset: Asset) -> list[str]:
    with zipfile.ZipFile(asset.path) as archive:
        return archive.namelist()


def test_a_zip_depends_on_names_and_contents_only(tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.write_text("b")
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    write_zip(first, {"z": b"a", "a": source}, compression=6)
    os.utime(source, (0, 0))
    source.chmod(0o777)
    write_zip(second, {"a": source, "z": b"a"}, compression=6)
    assert first.read_bytes() == second.read_bytes()


def test_an_identity_knows_where_its_parts_end() -> None:
    assert identity("ab", "c") != identity("a", "bc")
    assert identity("a", b"b") == identity(b"a", "b")


def test_of_many_who_want_the_same_asset_one_builds_it(tmp_path: Path) -> None:
    builds = []

    def build(work: Path, output: Path) -> None:
        builds.append(work)
        write_zip(output, {"content": b"x"}, compression=0)

    def make(_: int) -> Asset:
        return make_once(tmp_path, name="asset", identity="1" * 64, build=build)

    with ThreadPoolExecutor(8) as pool:
        assets = list(pool.map(make, range(16)))
    assert len(builds) == 1
    assert len({asset.path for asset in assets}) == 1
    assert not builds[0].exists(), "the work folder is gone"


def test_a_failed_build_leaves_nothing_behind(tmp_path: Path) -> None:
    def build(_: Path, output: Path) -> None:
        output.write_bytes(b"half")
        raise SynthesisError("broken")

    with pytest.raises(SynthesisError):
        make_once(tmp_path, name="asset", identity="2" * 64, build=build)
    assert [path.name for path in tmp_path.iterdir()] == [".asset.lock"]


def test_a_functions_package_holds_its_own_folder_and_nothing_else(packages: Packages) -> None:
    names = _names(packages.function("shift_traffic"))
    assert "functions/shift_traffic/handler.py" in names
    assert all(name.startswith("functions/shift_traffic/") for name in names)


def test_editing_one_function_changes_that_package_only(packages: Packages) -> None:
    before = {verb: packages.function(verb).identity for verb in ("open_release", "close_release")}
    with (packages.root / "functions/open_release/handler.py").open("a") as file:
        file.write("\n# changed\n")
    assert packages.function("open_release").identity != before["open_release"]
    assert packages.function("close_release").identity == before["close_release"]


def test_a_changed_recipe_gives_every_package_a_new_identity(packages: Packages, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe"
    shutil.copytree(PROJECT / "infra", recipe / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    before = _identities(packages.root, recipe)
    for name in ("assets", "bytecode", "packages"):
        with (recipe / "infra" / f"{name}.py").open("a") as file:
            file.write("\n# changed\n")
        after = _identities(packages.root, recipe)
        assert not set(before) & set(after), name
        before = after


def _identities(checkout: Path, recipe: Path) -> list[str]:
    """Of a function, the library and a definition, as that copy of `infra` makes them."""
    script = (
        "import sys; from pathlib import Path; from infra.packages import Packages; import infra.targets as targets; "
        "from lambdaloop.definition_schema import load_definition; "
        "packages = Packages(root=Path(sys.argv[1]), target=targets.find_target('host')); "
        "definition = load_definition(Path(sys.argv[2])); "
        "print(packages.function('close_run').identity, packages.core().identity, "
        "packages.definition(definition).identity)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(checkout), str(DEFINITIONS / "churn.yaml")],
        cwd=recipe,
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.split()


def test_bytecode_is_of_the_kind_that_does_not_look_at_dates(packages: Packages) -> None:
    asset = packages.core()
    name = f"python/lambdaloop/__pycache__/settings.{sys.implementation.cache_tag}.pyc"
    with zipfile.ZipFile(asset.path) as archive:
        flags = int.from_bytes(archive.read(name)[4:8], "little")
    assert flags == 0b01, "hash-based, unchecked (PEP 552)"


def test_tracebacks_name_the_place_that_lambda_uses(packages: Packages, tmp_path: Path) -> None:
    with zipfile.ZipFile(packages.core().path) as archive:
        archive.extractall(tmp_path / "opt")
    shown = subprocess.run(
        [sys.executable, "-S", "-c", "import lambdaloop.domain.gate as m; print(m.__spec__.cached)"],
        env={"PYTHONPATH": str(tmp_path / "opt" / "python")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert b"/opt/python/lambdaloop/domain/gate.py" in Path(shown.stdout.strip()).read_bytes()


def test_without_an_interpreter_of_the_target_packages_hold_sources_only(packages: Packages) -> None:
    bare = replace(packages, target=replace(HOST, candidates=()))
    assert bare.target.interpreter is None
    assert all(name.endswith(".py") for name in _names(bare.function("shift_traffic")))
    assert bare.function("shift_traffic").identity != packages.function("shift_traffic").identity


def test_a_source_that_does_not_compile_stops_the_synthesis(packages: Packages) -> None:
    (packages.root / "functions/open_release/handler.py").write_text("def (")
    with pytest.raises(SynthesisError, match="do not compile"):
        packages.function("open_release")


def test_a_function_without_a_handler_is_refused(packages: Packages) -> None:
    with pytest.raises(SourceMissingError, match=r"functions/fly_to_the_moon/handler\.py"):
        packages.function("fly_to_the_moon")


def test_the_definition_layer_holds_the_definition(packages: Packages) -> None:
    definition = load_definition(DEFINITIONS / "churn.yaml")
    with zipfile.ZipFile(packages.definition(definition).path) as archive:
        document = json.loads(archive.read("model/definition.json"))
    assert from_document(ModelDefinition, document) == definition


def _asset(tmp_path: Path, name: str, size: int) -> Asset:
    path = tmp_path / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content", b"")
        archive.infolist()[0].file_size = size  # what the archive's directory will say
    return Asset(name=name, path=path, identity=name)


def test_a_package_at_the_limit_passes_and_one_byte_more_is_refused_with_every_parts_size(
    tmp_path: Path,
) -> None:
    function = _asset(tmp_path, "train_candidate", 1_000_000)
    layer = _asset(tmp_path, "training", LIMIT_BYTES - 1_000_000)
    check_package_size(function, [layer])
    heavier = _asset(tmp_path, "training", LIMIT_BYTES - 999_999)
    with pytest.raises(
        PackageTooLargeError,
        match=r"train_candidate.*262\.1 MB.*prune\.txt \(train_candidate 1\.0 MB, training 261\.1 MB\)",
    ):
        check_package_size(function, [heavier])


def test_a_layer_keeps_licences_wherever_a_wheel_has_them(tmp_path: Path) -> None:
    kept = {
        "METADATA",
        "entry_points.txt",
        "COPYING",
        "LICENSE.md",
        "licence.txt",
        "NOTICE",
        "licenses/test/AUTHORS.md",
    }
    wheel = tmp_path / "tiny-1-py3-none-any.whl"
    members = {f"tiny-1.dist-info/{name}": b"" for name in {*kept, "top_level.txt"}}
    members["tiny-1.dist-info/METADATA"] = b"Metadata-Version: 2.1\nName: tiny\nVersion: 1\n"
    members["tiny-1.dist-info/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    members["tiny/__init__.py"] = members["tiny/README.md"] = b""
    members["tiny-1.dist-info/RECORD"] = "".join(f"{name},,\n" for name in members).encode()
    write_zip(wheel, members, compression=0)
    source = tmp_path / "layer"
    source.mkdir()
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (source / "requirements.txt").write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n")
    (source / "prune.txt").touch()
    build_layer(
        source, target=replace(HOST, candidates=()), work=tmp_path / "work", output=tmp_path / "out.zip"
    )
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        names = set(archive.namelist())
    assert names == {"python/tiny/__init__.py", *(f"python/tiny-1.dist-info/{name}" for name in kept)}


def test_a_layer_that_cannot_be_installed_says_which_and_why(tmp_path: Path) -> None:
    source = tmp_path / "broken"
    source.mkdir()
    (source / "requirements.txt").write_text("no-such-package==1.0 --hash=sha256:" + "0" * 64 + "\n")
    (source / "prune.txt").touch()
    with pytest.raises(LayerBuildError, match=r"(?s)layer broken for host.*no-such-package"):
        build_layer(source, target=HOST, work=tmp_path / "work", output=tmp_path / "out.zip")
