"""Puts a file of features that arrived in the data bucket; one that cannot be put is told to people, and stays as it is.

The same event may come twice, and a file may be put again: both find what was done.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lambdaloop.domain.errors import FeaturesInvalidError
from lambdaloop.domain.feature_file import read_feature_file
from lambdaloop.domain.shared_groups import SharedGroup
from lambdaloop.domain.stored_features import incoming_group, incoming_prefix, quarantine_prefix
from lambdaloop.ports import DatasetStore, FeatureHistory, FeatureStore, Notices
from lambdaloop.services.put_features import PutSummary, put_features

logger = logging.getLogger("lambdaloop.features")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingFile:
    """What became of a file."""

    key: str
    put: PutSummary | None = None
    """None when nothing was put."""
    problem: str | None = None
    """Why not; also in the group's quarantine."""


def put_incoming(
    key: str,
    version_id: str,
    *,
    groups: Mapping[str, SharedGroup],
    datasets: DatasetStore,
    store: FeatureStore,
    history: FeatureHistory,
    notices: Notices,
    now: datetime,
) -> IncomingFile:
    """Put all of one object version, or none of it."""
    group = groups.get(incoming_group(key) or "")
    if group is None:
        return IncomingFile(
            key=key, problem=f"{key} is not in the incoming folder of a group that a model reads"
        )
    try:
        rows = read_feature_file(datasets.read(key, version_id), group, source=key, now=now)
    except FeaturesInvalidError as error:
        logger.error("%s", error)  # noqa: TRY400  (its message says all)
        told = {"key": key, "version_id": version_id, "problem": str(error)}
        name = key.removeprefix(incoming_prefix(group.name))
        history.keep(
            f"{quarantine_prefix(group.name)}{name}/{version_id}.json", json.dumps(told, indent=1).encode()
        )
        notices.tell(
            f"features of group {group.name} were not put", f"Upload it again, corrected.\n\n{error}"
        )
        return IncomingFile(key=key, problem=str(error))
    done = put_features(rows, group=group, store=store, history=history, now=now)
    logger.info("%s: %s", key, done)
    return IncomingFile(key=key, put=done)
