"""Filter policies of SNS subscriptions with alternatives about the body of a message.

moto looks for the alternatives of `$or` among the attributes of a message also where the policy is about its body, and fails. Seam:

* `FilterPolicyMatcher._field_match`: each alternative is matched against what the policy is about
"""

from typing import Any

from moto.sns.utils import FilterPolicyMatcher

from scripts.localcloud import moto_seams
from scripts.localcloud.cloud import Cloud


def install(cloud: Cloud) -> None:
    """Replace how moto matches one field."""
    seams = moto_seams.of(cloud)
    if not seams.first("topic_filters"):
        return
    match_in_moto = vars(FilterPolicyMatcher)["_field_match"].__func__

    def field_match(field: str, rules: Any, body: Any, *about_attributes: bool) -> bool:
        if field != "$or" or about_attributes != (False,):
            return bool(match_in_moto(field, rules, body, *about_attributes))
        return any(
            all(field_match(name, each, body, False) for name, each in alternative.items())
            for alternative in rules
        )

    seams.replace(FilterPolicyMatcher, "_field_match", staticmethod(field_match))
