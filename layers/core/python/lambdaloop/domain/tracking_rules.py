"""Where a model's runs are told, beside the registry: an MLflow tracking server that a team has already."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PARAMETER = re.compile(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_OWN_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_STRICT = {"extra": "forbid", "use_attribute_docstrings": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """Every run is logged there when it has ended; a server that fails never fails a run."""

    __pydantic_config__ = _STRICT

    mlflow_uri: str
    """Address of the tracking server, such as https://mlflow.example.com."""
    experiment: str | None = None
    """Name of the experiment there; the model's name unless given. It is made if it is not there."""
    credentials: str | None = None
    """Name of the SSM parameter (SecureString) that holds a token, or user:password; none for a server that asks for nothing."""

    def __post_init__(self) -> None:
        address = urlsplit(self.mlflow_uri)
        if (
            address.scheme not in ("http", "https")
            or not address.hostname
            or address.query
            or address.fragment
        ):
            raise ValueError(
                f"mlflow_uri must be an address such as https://mlflow.example.com, got {self.mlflow_uri!r}"
            )
        if address.username or address.password:
            raise ValueError(
                "mlflow_uri must hold no user or password: put them into an SSM parameter, name it in credentials"
            )
        if self.credentials is not None and not _PARAMETER.fullmatch(self.credentials):
            raise ValueError(
                f"credentials must be the name of an SSM parameter, such as /lambdaloop/mlflow, got {self.credentials!r}"
            )
        if self.credentials and address.scheme == "http" and address.hostname not in _OWN_MACHINE:
            raise ValueError("mlflow_uri must begin with https:// where credentials are sent")
