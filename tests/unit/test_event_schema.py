"""The documented events are those that the code tells, and the documents are up to date."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import lambdaloop
from scripts.event_kinds import EVENT_KINDS
from scripts.event_schema import PAGE, SCHEMA, main, schema

LIBRARY = Path(lambdaloop.__file__).parent
ANSWERS = ("approved", "rejected", "expired")


def kinds_in_the_code() -> Iterator[str]:
    """What is passed for a kind wherever an audit event, a change of an experiment or a happening is made."""
    for path in [*LIBRARY.glob("adapters/dynamo_*.py"), *LIBRARY.glob("domain/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _kinds(node)


def _kinds(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in ("event", "_event", "_approval_event"):
        given = [each for each in call.args[:2] if isinstance(each, ast.Constant)]
    elif name in ("Change", "Happening"):
        given = [
            each.value
            for each in call.keywords
            if each.arg == "kind" and isinstance(each.value, ast.Constant)
        ]
    else:
        return
    yield from (str(each.value) for each in given if each.value is not None)


def test_every_kind_in_the_code_is_documented_and_the_other_way_round() -> None:
    told = set(kinds_in_the_code())
    # Written as f-strings: the answers to an approval, and the ends of an experiment.
    told |= {f"release_{answer}" for answer in ANSWERS}
    told |= {f"experiment_{end}" for end in ("concluded", "stopped", "failed")}
    assert {each.kind for each in EVENT_KINDS} == told


def test_schema_and_page_are_up_to_date() -> None:
    assert main(["--check"]) == 0


def test_the_schema_is_one_and_the_example_on_the_page_fits() -> None:
    Draft202012Validator.check_schema(schema())
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    example = json.loads(PAGE.read_text(encoding="utf-8").partition("```json")[2].partition("```")[0])
    validator.validate(example)
    example["detail"]["data"] = {"truncated": True}
    validator.validate(example)
    del example["detail"]["data"]
    assert not validator.is_valid(example)


@pytest.mark.parametrize("kind", [each.kind for each in EVENT_KINDS])
def test_a_kind_is_told_apart_from_all_others(kind: str) -> None:
    of_kind = schema()["$defs"][kind]
    assert of_kind["properties"]["kind"] == {"const": kind}
    assert of_kind["description"]
