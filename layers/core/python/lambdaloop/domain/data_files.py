"""Which objects are data, and how they are written: the end of the name says so, for uploads, files on disk and DVC alike."""

from collections.abc import Mapping
from typing import Literal

Format = Literal["csv", "parquet", "json_lines"]

FORMATS: Mapping[str, Format] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
}


def format_of(name: str) -> Format | None:
    """How a file of that name is written; None for one that is no data.

    >>> format_of("churn/2026.parquet"), format_of("churn/readme.txt")
    ('parquet', None)
    """
    return next((kind for suffix, kind in FORMATS.items() if name.endswith(suffix)), None)
