"""The data of the demo: a real data set that scikit-learn brings along."""

from pathlib import Path


def write_breast_cancer(folder: Path) -> Path:
    """Write the Wisconsin diagnostic breast cancer data (569 rows, 30 measurements) as a CSV file."""
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.rename(columns=lambda name: name.replace(" ", "_"))
    frame["diagnosis"] = bunch.target.map(dict(enumerate(bunch.target_names)))
    path = folder / "breast-cancer.csv"
    frame.to_csv(path, index=False)
    return path
