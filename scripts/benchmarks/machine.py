"""On what the figures were measured."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("starlette", "fastapi", "mangum", "numpy", "scikit-learn", "pandas", "boto3")


def describe_machine() -> str:
    """One line: processor, memory, system, Python and the packages that matter."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}; "
        f"Python {platform.python_version()}; {packages}"
    )


def _processor() -> str:
    """What the kernel calls it; other systems say it themselves."""
    file = Path("/proc/cpuinfo")
    names = [line for line in file.read_text().splitlines() if "model name" in line] if file.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()
