"""What a version was trained with. Read from the modules themselves: layers carry no package metadata."""

import platform
import sys
from types import ModuleType

import joblib
import numpy as np
import pandas as pd
import scipy
import sklearn
import threadpoolctl

_PACKAGES: dict[str, ModuleType] = {
    "joblib": joblib,
    "numpy": np,
    "pandas": pd,
    "scikit-learn": sklearn,
    "scipy": scipy,
    "threadpoolctl": threadpoolctl,
}


def environment_lock() -> str:
    """The interpreter as a comment, then one pinned requirement per line."""
    version = ".".join(map(str, sys.version_info[:3]))
    lines = [f"# python {version} on {platform.system().lower()} {platform.machine()}"]
    lines += [f"{name}=={module.__version__}" for name, module in _PACKAGES.items()]
    return "\n".join(lines) + "\n"
