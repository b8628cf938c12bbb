"""What the site's definition has beyond a drafted one, so that one deployment shows all that a model can have."""

import re
from pathlib import Path

from lambdaloop.definition_schema import load_definition
from lambdaloop.domain.definition import ModelDefinition
from tests.e2e import training_data
from tests.e2e.stored_features import store_features

TRACKING_SECRET = "/teams/subscriptions/mlflow"


def complete(drafted: Path, *, mlflow: str) -> ModelDefinition:
    """Edit the file: a stored feature, a DVC remote, any runtime, a tracking server at that address, and no weekly limit."""
    store_features(drafted)
    training_data.name_remote(drafted)
    text = drafted.read_text(encoding="utf-8")
    edits = (
        (r"\nserving:\n", "\nserving:\n  runtime: auto\n"),  # a model that was fitted elsewhere is imported
        (r"max_per_week: \d+\n", "max_per_week: 100\n"),  # all tests together train more than one in earnest
        # Traffic is what was trained on, where a forest is surer than anywhere else: beside a linear model that looks like drift.
        (r"  # behaviour: .*\n", "  behaviour: {max_prediction_drift: 100}\n"),
        (r"\Z", f"\ntracking: {{mlflow_uri: '{mlflow}', credentials: {TRACKING_SECRET}}}\n"),
    )
    for old, new in edits:
        text, count = re.subn(old, new, text)
        assert count == 1, old
    drafted.write_text(text, encoding="utf-8")
    return load_definition(drafted)
