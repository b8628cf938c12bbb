"""References to immutable bytes in the model bucket: where they are and how to know them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One object version; whoever reads it checks size and sha256 before parsing."""

    key: str
    version_id: str
    sha256: str
    """64 hexadecimal digits."""
    size: int
    """Bytes."""
