"""The part of a model definition that says how predictions are answered."""

import re
from dataclasses import dataclass
from typing import Literal

from lambdaloop.domain.runtime import RuntimeChoice

_ORIGIN = re.compile(r"\*|https://[a-z0-9.-]+(:[0-9]+)?|http://(localhost|127\.0\.0\.1)(:[0-9]+)?")
_STRICT = {"extra": "forbid", "use_attribute_docstrings": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Jwt:
    """Tokens that open the API: their issuer and audience."""

    __pydantic_config__ = _STRICT

    issuer: str
    """The https address of the issuer."""
    audience: tuple[str, ...]
    """Accepted audiences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How predictions are answered."""

    __pydantic_config__ = _STRICT

    authorization: Literal["iam", "jwt", "api_key", "open"] = "iam"
    """iam: signed requests; jwt: bearer tokens; api_key: keys of `lambdaloop keys`; open: anybody on the internet."""
    jwt: Jwt | None = None
    """Needed for authorization jwt."""
    cors_origins: tuple[str, ...] = ()
    """Web sites whose pages may call the model, such as https://app.example.com; none unless named here."""
    explain: bool | None = None
    """Whether rows may be explained, from which one learns means over rows of the holdout; left out, unless anybody may ask."""
    memory_mib: int = 1024
    """Memory of the inference function; its CPU share grows with it (1769 is one core)."""
    timeout_seconds: int = 10
    """Longest request; API Gateway waits 30 seconds at most."""
    snap_start: bool = False
    """Start from a snapshot that holds the loaded model; AWS charges for the cache and for each restore."""
    runtime: RuntimeChoice = "compiled"
    """compiled: numpy alone, and packaging refuses a model that it cannot answer exactly; auto: scikit-learn is carried, too, and
    serves what the compiled form does not answer exactly; sklearn: scikit-learn always. scikit-learn makes requests slower,
    cold starts longer and the package four times as large."""
    capture: tuple[str, ...] = ()
    """Features that may be written to the prediction log; none unless named here."""
    capture_rate: float = 1.0
    """Share of the predictions that are written to the prediction log, chosen by prediction id."""

    def __post_init__(self) -> None:
        if (self.authorization == "jwt") != (self.jwt is not None):
            raise ValueError("authorization jwt and the jwt section belong together: give both or neither")
        for origin in self.cors_origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"cors_origins must be like https://app.example.com, without a path, or *, got {origin!r}"
                )
        if not 128 <= self.memory_mib <= 10_240:
            raise ValueError(f"memory_mib must be 128 to 10240, got {self.memory_mib}")
        if not 0 < self.capture_rate <= 1:
            raise ValueError(f"capture_rate must be above 0 and at most 1, got {self.capture_rate}")
        if not 1 <= self.timeout_seconds <= 29:
            raise ValueError(f"timeout_seconds must be 1 to 29, got {self.timeout_seconds}")

    @property
    def explains(self) -> bool:
        """Whether rows may be explained."""
        return self.authorization != "open" if self.explain is None else self.explain
