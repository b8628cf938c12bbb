"""One column of the subscriptions comes from the store: the uploaded data lack it, and its history is put."""

import csv
from pathlib import Path

GROUP, STORED, DEFAULT = "account", "signed_up", 0
ASKED_AT, TRUE_AT = "2026-01-01T00:00:00Z", "2025-12-31T00:00:00Z"


def store_features(definition: Path) -> None:
    """Add the section to a drafted definition."""
    text = definition.read_text(encoding="utf-8")
    section = (
        f"\nonline:\n  event_time: asked_at\n  groups:\n    {GROUP}: {{features: {{{STORED}: {DEFAULT}}}}}\n"
    )
    definition.write_text(text + section, encoding="utf-8")


def split_stored(data: Path, folder: Path) -> tuple[Path, Path]:
    """The rows without the stored column but with the time they were asked at; and the history, true a day before."""
    with data.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    uploaded, history = folder / "uploaded.csv", folder / "history.csv"
    kept = [name for name in rows[0] if name != STORED]
    _write(uploaded, [*kept, "asked_at"], [[*(row[name] for name in kept), ASKED_AT] for row in rows])
    _write(history, ["customer", "event_time", STORED], [[r["customer"], TRUE_AT, r[STORED]] for r in rows])
    return uploaded, history


def _write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
