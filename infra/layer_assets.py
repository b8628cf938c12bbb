"""The third-party layers, built once per content: `python -m infra.layer_assets` builds them ahead of a deployment."""

import argparse
import inspect
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infra import assets, bytecode, layer_recipe
from infra.assets import Asset, identity, make_once
from infra.errors import SynthesisError
from infra.targets import Target, find_target

LAYERS = ("serving", "serving-sklearn", "training")
_PROJECT = Path(__file__).resolve().parents[1]


def third_party_layer(root: Path, layer: str, *, target: Target) -> Asset:
    """The layer of that name for the target; takes seconds the first time, nothing afterwards."""
    source = root / "layers" / layer
    key = identity(
        inspect.getsource(assets),
        inspect.getsource(bytecode),
        inspect.getsource(layer_recipe),
        (source / "requirements.txt").read_bytes(),
        (source / "prune.txt").read_bytes(),
        target.platform,
        target.python,
        "compiled" if target.interpreter else "sources",
    )

    def build(work: Path, output: Path) -> None:
        sys.stderr.write(f"building the {layer} layer for {target.name}, once for this content\n")
        layer_recipe.build_layer(source, target=target, work=work, output=output)

    return make_once(root / "build" / "layers", name=f"{layer}-{target.name}", identity=key, build=build)


def main(arguments: Iterable[str]) -> int:
    """Build layers and print their sizes."""
    parser = argparse.ArgumentParser(prog="python -m infra.layer_assets", description=__doc__)
    parser.add_argument("--target", default="python3.13-arm64", help="python3.13-arm64 or host")
    parser.add_argument("layers", nargs="*", default=LAYERS, help=f"default: {' '.join(LAYERS)}")
    options = parser.parse_args(list(arguments))
    console = Console(stderr=True)
    try:
        target = find_target(options.target)
        if target.interpreter is None:
            console.print(
                f"no Python {target.python} here: layers get no bytecode, cold starts will be slower"
            )
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=console) as progress:
            for layer in options.layers:
                task = progress.add_task(f"{layer} layer", total=1)
                asset = third_party_layer(_PROJECT, layer, target=target)
                progress.update(task, completed=1, description=_size(asset))
    except SynthesisError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    return 0


def _size(asset: Asset) -> str:
    zipped = asset.path.stat().st_size
    return f"{asset.name}: {asset.unzipped_bytes / 1e6:.1f} MB unzipped, {zipped / 1e6:.1f} MB zipped"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
