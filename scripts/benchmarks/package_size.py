"""What the inference function weighs in Lambda: its code and its layers, unzipped."""

from collections.abc import Callable
from dataclasses import replace

from infra.packages import Packages
from infra.targets import find_target
from scripts.benchmarks.report import Section, Table
from scripts.benchmarks.sides import PROJECT


def package_size(advance: Callable[[int, int], None]) -> Section:
    """Build the packages for every processor of Lambda and for this machine, and weigh them."""
    arm = find_target("python3.13-arm64")
    intel = replace(arm, name="python3.13-x86_64", platform="x86_64-manylinux_2_28")
    rows = []
    targets = [arm, intel, find_target("host")]
    for target in targets:
        packages = Packages(root=PROJECT, target=target)
        serving, core, code = packages.third_party("serving"), packages.core(), packages.function("inference")
        total = sum(asset.unzipped_bytes for asset in (serving, core, code))
        zipped = sum(asset.path.stat().st_size for asset in (serving, core, code))
        rows.append(
            [
                target.name,
                f"{serving.unzipped_bytes / 1e6:.1f}",
                f"{(core.unzipped_bytes + code.unzipped_bytes) / 1e6:.1f}",
                f"**{total / 1e6:.1f}**",
                f"{zipped / 1e6:.1f}",
            ]
        )
        advance(len(rows), len(targets))
    return Section(
        title="The serving package",
        text=(
            "Megabytes (10⁶ bytes) of the inference function with its layers; Lambda's limit is 262. Must hold: at most 120."
        ),
        table=Table(
            head=["target", "serving layer", "library and function", "unzipped", "zipped"], rows=rows
        ),
    )
