"""Lambda's limit on unzipped code, checked at synth: a deployment would find out only minutes later."""

from collections.abc import Iterable

from infra.assets import Asset
from infra.errors import PackageTooLargeError

LIMIT_BYTES = 262_144_000
"""A function and all its layers, unzipped: 250 MiB."""


def check_package_size(function: Asset, layers: Iterable[Asset]) -> None:
    """PackageTooLargeError names every part's size when their sum passes the limit."""
    parts = {asset.name: asset.unzipped_bytes for asset in (function, *layers)}
    total = sum(parts.values())
    if total > LIMIT_BYTES:
        sizes = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in parts.items())
        raise PackageTooLargeError(
            f"function {function.name} and its layers unzip to {total / 1e6:.1f} MB, Lambda's limit is "
            f"{LIMIT_BYTES / 1e6:.1f} MB: remove packages or add patterns to prune.txt ({sizes})"
        )
