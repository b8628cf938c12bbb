"""Every zip file that the stacks carry: functions, the library, model definitions."""

import inspect
import json
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from infra import assets, bytecode
from infra.assets import Asset, files_below, identity, make_once, write_zip
from infra.errors import SourceMissingError
from infra.layer_assets import third_party_layer
from infra.targets import Target
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.shared_groups import SharedGroup

# How packages are made is part of what they are: a change of the recipe deploys them anew.
_RECIPE = identity(*(inspect.getsource(each) for each in (assets, bytecode, sys.modules[__name__])))


@dataclass(frozen=True, kw_only=True)
class Packages:
    """Makes packages of one checkout for one target; what is already in `build/` is reused."""

    root: Path
    target: Target

    def function(self, verb: str) -> Asset:
        """The code of one function: nothing but its own folder, so that editing one function deploys one function."""
        source = self.root / "functions" / verb
        if not (source / "handler.py").is_file():
            raise SourceMissingError(f"function {verb!r} has no handler: add functions/{verb}/handler.py")
        return self._sources(verb, source, inside=f"functions/{verb}", seen_at="/var/task")

    def core(self) -> Asset:
        """The library."""
        source = self.root / "layers" / "core" / "python" / "lambdaloop"
        return self._sources("core", source, inside="python/lambdaloop", seen_at="/opt")

    def third_party(self, layer: str) -> Asset:
        """The packages of `layers/LAYER/requirements.txt`."""
        return third_party_layer(self.root, layer, target=self.target)

    def definition(self, definition: ModelDefinition) -> Asset:
        """The model definition, so that a published version keeps the one that it was released with."""
        content = json.dumps(to_document(definition), indent=1, ensure_ascii=False).encode()

        def build(_: Path, output: Path) -> None:
            write_zip(output, {"model/definition.json": content}, compression=self.target.compression)

        return self._make(f"definition-{definition.name}", identity(_RECIPE, content), build)

    def feature_groups(self, groups: Iterable[SharedGroup]) -> Asset:
        """The groups of stored features of all models, for the function that puts files as they arrive."""
        documents = [to_document(group) for group in groups]
        content = json.dumps(documents, indent=1, ensure_ascii=False).encode()

        def build(_: Path, output: Path) -> None:
            write_zip(output, {"model/feature_groups.json": content}, compression=self.target.compression)

        return self._make("feature-groups", identity(_RECIPE, content), build)

    def _sources(self, name: str, source: Path, *, inside: str, seen_at: str) -> Asset:
        files = files_below(source)
        parts = [part for path, file in files.items() for part in (path, file.read_bytes())]

        def build(work: Path, output: Path) -> None:
            tree = work / "tree"
            for path, file in files.items():
                (tree / inside / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, tree / inside / path)
            if self.target.interpreter:
                bytecode.compile_beside(tree, interpreter=self.target.interpreter, seen_at=seen_at)
            members: dict[str, Path | bytes] = {
                str(path.relative_to(tree)): path for path in tree.rglob("*") if path.is_file()
            }
            write_zip(output, members, compression=self.target.compression)

        compiled = self.target.python if self.target.interpreter else "sources"
        return self._make(f"{name}-{self.target.name}", identity(_RECIPE, inside, compiled, *parts), build)

    def _make(self, name: str, key: str, build: Callable[[Path, Path], None]) -> Asset:
        return make_once(self.root / "build" / "assets", name=name, identity=key, build=build)
