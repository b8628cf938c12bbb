"""Runs inside a measured process: compares rows in memory with a baseline, by one contender, and says what that took.

Arguments: the contender, the rows, the rows of the reference. Written to standard output as JSON: seconds, MB above the
data, and which columns were found to have drifted. The Evidently one runs in an environment without Lambdaloop.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = dict[str, NDArray[Any]]
Compare = Callable[[], list[str]]

_NUMBERS = [f"number_{i}" for i in range(20)]
_CATEGORIES = {
    f"category_{i}": tuple(f"{name} {i}" for name in ("red", "green", "blue", "grey", "none"))
    for i in range(5)
}
_DRIFTED = {"number_0", "number_7", "number_13"}
_WARM_UP_ROWS = 1_000


def draw(rows: int, *, seed: int, drifted: bool) -> Table:
    """20 columns of float64 and 5 of objects (str); three of the former and one of the latter may have drifted."""
    random = np.random.default_rng(seed)
    columns: Table = {}
    for name in _NUMBERS:
        columns[name] = random.standard_normal(rows)
        if drifted and name in _DRIFTED:
            columns[name] += 0.5
    for name, values in _CATEGORIES.items():
        shares = [0.3, 0.3, 0.2, 0.1, 0.1] if drifted and name == "category_2" else [0.5, 0.2, 0.1, 0.1, 0.1]
        columns[name] = np.array(values, dtype=object)[random.choice(5, rows, p=shares).astype(np.int8)]
    return columns


def lambdaloop(reference: Table, *, multivariate: bool) -> Callable[[Table], list[str]]:
    """The baseline is made beforehand: it is an artifact of the version."""
    from lambdaloop.domain.definition import Feature
    from lambdaloop.domain.monitoring_rules import Monitoring
    from lambdaloop.domain.signature import Signature
    from lambdaloop.monitoring.drift import compare
    from lambdaloop.monitoring.profiling import profile_baseline, profile_rows
    from lambdaloop.monitoring.reconstruction import fit_reconstruction

    features = {name: Feature(type="number") for name in _NUMBERS}
    features |= {name: Feature(type="category", categories=values) for name, values in _CATEGORIES.items()}
    signature = Signature(model="rows", task="regression", features=features)
    reconstruction = fit_reconstruction(reference, signature) if multivariate else None
    baseline = profile_baseline(
        reference,
        reference["number_0"].reshape(-1, 1),
        holdout=reference,
        signature=signature,
        reconstruction=reconstruction,
    )

    def run(rows: Table) -> list[str]:
        profile = profile_rows(
            rows,
            rows["number_0"].reshape(-1, 1),
            signature=signature,
            like=baseline,
            reconstruction=reconstruction,
        )
        return list(compare(profile, baseline, Monitoring()).drifted)

    return run


def scipy(reference: Table) -> Callable[[Table], list[str]]:
    """The loop that everybody writes first."""
    from scipy.stats import chi2_contingency, ks_2samp

    def run(rows: Table) -> list[str]:
        p_values = {name: ks_2samp(rows[name], reference[name]).pvalue for name in _NUMBERS}
        for name, values in _CATEGORIES.items():
            counts = [Counter(column.tolist()) for column in (rows[name], reference[name])]
            p_values[name] = chi2_contingency([[count[value] for value in values] for count in counts]).pvalue
        return [name for name, p_value in p_values.items() if p_value <= 0.01 / len(p_values)]

    return run


def evidently(reference: Table) -> Callable[[Table], list[str]]:
    """Its preset with its own choice of methods and thresholds."""
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report  # type: ignore[import-not-found]
    from evidently.presets import DataDriftPreset  # type: ignore[import-not-found]

    definition = DataDefinition(numerical_columns=_NUMBERS, categorical_columns=list(_CATEGORIES))
    known = Dataset.from_pandas(pd.DataFrame(reference), data_definition=definition)

    def run(rows: Table) -> list[str]:
        given = Dataset.from_pandas(pd.DataFrame(rows, copy=False), data_definition=definition)
        found = Report([DataDriftPreset()]).run(given, known).dict()["metrics"]
        drifts = [each for each in found if "column" in each["config"]]
        return [each["config"]["column"] for each in drifts if each["value"] >= each["config"]["threshold"]]

    return run


CONTENDERS: dict[str, Callable[[Table], Callable[[Table], list[str]]]] = {
    "lambdaloop": lambda reference: lambdaloop(reference, multivariate=False),
    "lambdaloop_multivariate": lambda reference: lambdaloop(reference, multivariate=True),
    "scipy": scipy,
    "evidently": evidently,
}


def memory(field: str) -> float:
    """A field of the kernel's account of this process, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1000


def main() -> None:
    """A small comparison first, so that nothing is imported or set up while the clock runs."""
    name, rows, reference_rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    run = CONTENDERS[name](draw(reference_rows, seed=1, drifted=False))
    data = draw(rows, seed=2, drifted=True)
    run({column: values[:_WARM_UP_ROWS] for column, values in data.items()})
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    before, started = memory("VmRSS"), time.perf_counter()
    found = run(data)
    seconds = time.perf_counter() - started
    json.dump({"seconds": seconds, "megabytes": memory("VmHWM") - before, "found": sorted(found)}, sys.stdout)


if __name__ == "__main__":
    main()
