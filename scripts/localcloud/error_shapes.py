"""Reads the errors that a service's model knows once; moto reads all of them for every error that it answers."""

from moto.core import errors

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud


def install(cloud: Cloud) -> None:
    """One factory, which remembers, for all."""
    factory = errors.ErrorLookupFactory()
    moto_seams.of(cloud).replace(errors, "ErrorLookupFactory", lambda: factory)
