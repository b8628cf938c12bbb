"""The runbook's table of limits counts what a model's stack holds."""

import re

import pytest

from tests.infra.synthesis import PROJECT, Template

RUNBOOK = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("limit", "kind"),
    [
        (r"1,000 IAM roles in an account; a model has (\d+)", "AWS::IAM::Role"),
        (r"5,000 CloudWatch alarms in a region; a model has (\d+)", "AWS::CloudWatch::Alarm"),
    ],
)
def test_a_model_has_as_many_as_the_runbook_says(limit: str, kind: str, churn: Template) -> None:
    [told] = re.findall(limit, RUNBOOK)
    assert len(churn.of_type(kind)) == int(told)


def test_the_roles_decide_how_many_models_an_account_holds(churn: Template) -> None:
    others = 4 + 5  # of the platform, and of `cdk bootstrap`
    assert f"| {(1000 - others) // len(churn.of_type('AWS::IAM::Role'))} models, for the platform" in RUNBOOK
