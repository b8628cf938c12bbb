"""Least privilege, proven: functions did their work with their own roles, and no grant lies idle."""

import pytest

from tests.e2e.conftest import Site

pytestmark = [pytest.mark.localcloud, pytest.mark.xdist_group("site")]


def test_no_function_was_denied_anything_it_tried(released_site: Site) -> None:
    usage = released_site.cloud.control("iam/usage")["usage"]
    assert usage, "functions called AWS, so their calls must have been recorded"
    assert [entry for entry in usage if not entry["allowed"]] == []
