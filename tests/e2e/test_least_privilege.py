"""Least privilege, proven: functions did their work with their own roles, and no grant of theirs lies idle."""

from collections import defaultdict
from typing import Any

import boto3
import pytest

from tests.e2e.conftest import Site

pytestmark = pytest.mark.localcloud

# Needed after a workflow died in the middle of a canary, which tests/contract/test_crash_matrix.py plays through.
ONLY_AFTER_A_CRASH = {("OpenRelease", "lambda:UpdateAlias")}


def usage(site: Site) -> list[dict[str, Any]]:
    """Every (role, action, resource) that functions used so far."""
    found: list[dict[str, Any]] = site.cloud.control("iam/usage")["usage"]
    return [entry for entry in found if entry["function"]]


def granted(role: str) -> set[str]:
    """The actions that a role's policies allow."""
    iam: Any = boto3.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policies = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    actions: set[str] = set()
    for statement in (statement for policy in policies for statement in policy["Statement"]):
        given = statement["Action"]
        actions.update([given] if isinstance(given, str) else given)
    return actions


def test_no_function_was_denied_anything_it_tried(released_site: Site) -> None:
    entries = usage(released_site)
    assert entries, "functions called AWS, so their calls must have been recorded"
    assert [entry for entry in entries if not entry["allowed"]] == []


def test_every_grant_of_a_function_that_ran_was_used(released_site: Site) -> None:
    used: dict[str, set[str]] = defaultdict(set)
    for entry in usage(released_site):
        used[entry["role"]].add(entry["action"])
    idle = {(role, action) for role, actions in used.items() for action in granted(role) - actions}
    excused = {
        (role, action)
        for role, action in idle
        for step, a in ONLY_AFTER_A_CRASH
        if step in role and a == action
    }
    # A function that has had nothing to do yet (a rollback, when these tests run alone) has used its log only.
    working = {
        role for role, actions in used.items() if any(not action.startswith("logs:") for action in actions)
    }
    assert {(role, action) for role, action in idle - excused if role in working} == set()
