"""The context `alerts`: who is told what. In cdk.json an object, on the command line the same as JSON."""

import json
import re
from typing import Any

from infra.errors import AlertPlanInvalidError
from lambdaloop.domain.alert_rules import TOPIC, AlertChannel, AlertPlan
from lambdaloop.domain.documents import from_document, to_document

_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
_PARAMETER = re.compile(r"/[A-Za-z0-9_./-]{1,200}")
_MOST_CHANNELS = 10
_MOST_BYTES = 2_000
"""As JSON: it is a variable of a function, which has room for 4 KB of all of them."""
_KNOWN = {"least", "cool_down_minutes", "channels"}
_KNOWN_OF_CHANNEL = {"name", "kind", "parameter", "least"}


def read_alert_plan(context: Any) -> AlertPlan:
    """The plan, or the default one where nothing is said; AlertPlanInvalidError names what is wrong."""
    if context is None:
        return AlertPlan()
    try:
        document = json.loads(context) if isinstance(context, str) else context
        _check_names(document)
        plan = from_document(AlertPlan, document)
    except (ValueError, TypeError, AttributeError) as error:
        raise AlertPlanInvalidError(f"context alerts: {error}: see docs/alerts.md") from error
    names = [channel.name for channel in plan.channels]
    if len(set(names)) < len(names) or TOPIC in names:
        raise AlertPlanInvalidError(
            f"context alerts: names of channels must differ, and {TOPIC!r} is taken: {names}"
        )
    if len(names) > _MOST_CHANNELS:
        raise AlertPlanInvalidError(f"context alerts: at most {_MOST_CHANNELS} channels, got {len(names)}")
    if not 5 <= plan.cool_down_minutes <= 1440:
        raise AlertPlanInvalidError(
            f"context alerts: cool_down_minutes must be 5 to 1440, got {plan.cool_down_minutes}"
        )
    for channel in plan.channels:
        _check(channel)
    if (size := len(json.dumps(to_document(plan)))) > _MOST_BYTES:
        raise AlertPlanInvalidError(
            f"context alerts: takes {size} bytes, at most {_MOST_BYTES} fit into a function's environment: shorten names of parameters"
        )
    return plan


def _check_names(document: Any) -> None:
    """A name that nobody reads would be a rule that nobody follows."""
    unknown = sorted(document.keys() - _KNOWN)
    for channel in document.get("channels", ()):
        unknown += sorted(channel.keys() - _KNOWN_OF_CHANNEL)
    if unknown:
        raise ValueError(f"unknown {', '.join(unknown)}")


def _check(channel: AlertChannel) -> None:
    if not _NAME.fullmatch(channel.name):
        raise AlertPlanInvalidError(
            f"context alerts: the name of a channel is lower-case letters, digits and hyphens, got {channel.name!r}"
        )
    if not _PARAMETER.fullmatch(channel.parameter):
        raise AlertPlanInvalidError(
            f"context alerts: channel {channel.name!r} needs the name of an SSM parameter such as /lambdaloop/alerts/ops, "
            f"got {channel.parameter!r}"
        )
