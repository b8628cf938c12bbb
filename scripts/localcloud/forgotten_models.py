"""What is deleted is gone: moto keeps every object that it ever made, for a dashboard of its server that shows them all.

A log line, an item of a table and a key of S3 are such objects, so a cloud that runs for hours would hold each of them for good.
"""

from typing import Any

from moto.core.common_models import BaseModel

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud


def install(cloud: Cloud) -> None:
    """Make models without keeping them."""

    def new(kind: type[Any], *_arguments: Any, **_named: Any) -> Any:
        return super(BaseModel, kind).__new__(kind)

    moto_seams.of(cloud).replace(BaseModel, "__new__", staticmethod(new))
