"""Everything that decides how one function version runs, as one value: equal specs may share processes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeArchive:
    """A zip file by content; `content` stays out of comparisons, its digest speaks for it."""

    sha256: str
    content: bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CodeArchive) and other.sha256 == self.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSpec:
    """A snapshot of a function version's code and configuration."""

    function_name: str
    version: str
    handler: str
    runtime: str
    role_arn: str
    timeout_seconds: int
    memory_mib: int
    environment: tuple[tuple[str, str], ...]
    code: CodeArchive
    layers: tuple[CodeArchive, ...]
    """In the order of the function's configuration: a later one overrides an earlier one."""
    log_group: str
    log_format: str
    log_level: str | None
