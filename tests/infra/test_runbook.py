"""Each alarm that the templates define has its line in the runbook, and the runbook knows no other one."""

import re

from tests.infra.synthesis import PROJECT, Template

RUNBOOK = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `([a-z-]+)(?:\.FEATURE)?`[^|]*\|(.*)\|$", re.MULTILINE)


def _rows() -> dict[str, list[str]]:
    """Cells by the alarm's name, of the part about alarms."""
    part = RUNBOOK[
        RUNBOOK.index("## When an alarm rings") : RUNBOOK.index("## Before a release takes traffic")
    ]
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in _ROW.findall(part)}


def _alarms(templates: dict[str, Template]) -> set[str]:
    """Names without the model's and without the feature's."""
    found = set()
    for stack, template in templates.items():
        model = stack.partition("-")[2]
        prefix = f"lambdaloop-{model}-" if model else "lambdaloop-"
        kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for alarm in (each for kind in kinds for each in template.of_type(kind).values()):
            assert alarm["AlarmName"].startswith(prefix)
            found.add(alarm["AlarmName"].removeprefix(prefix).partition(".")[0])
    return found


def test_the_runbook_has_every_alarm_and_no_other(templates: dict[str, Template]) -> None:
    assert sorted(_rows()) == sorted(_alarms(templates))


def test_every_alarm_says_what_it_means_where_to_look_and_what_to_do() -> None:
    for name, cells in _rows().items():
        assert len(cells) >= 3, name
        assert all(cells), name
