"""The descriptions of AWS's services, read once per process.

botocore reads them anew for each session: half a megabyte of JSON to make a client, and three times the 3 MiB of EC2 until moto
is imported. The local cloud has a session for each role that calls something, and moto has its own.
"""

from typing import Any

from botocore.loaders import JSONFileLoader

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud

_read = JSONFileLoader.load_file
_kept: dict[str, Any] = {}


def share() -> None:
    """Read each description once from now on, in this whole process; called before moto is imported it saves most."""
    setattr(JSONFileLoader, "load_file", _load_file)  # noqa: B010  (mypy knows no other way to replace a method)


def install(cloud: Cloud) -> None:
    """The same, for as long as this cloud is there."""
    moto_seams.of(cloud).replace(JSONFileLoader, "load_file", _load_file)


def _load_file(loader: JSONFileLoader, file_path: str) -> Any:
    """What a file describes, without its ending; None where there is none. Nobody changes it, as loaders keep it as well."""
    if file_path not in _kept:
        found = _read(loader, file_path)
        if found is None:
            return None  # one of several folders; another may have it
        _kept[file_path] = found
    return _kept[file_path]
