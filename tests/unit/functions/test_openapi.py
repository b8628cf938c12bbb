import tomllib
from pathlib import Path

import jsonschema
import pytest

import lambdaloop
from scripts import openapi
from scripts.openapi_examples import EXAMPLES, PROBLEM
from tests.unit.functions.gateway import Gateway

DOCUMENT = openapi.document()
OPERATIONS = {
    operation["operationId"]: (path, method.upper(), operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


def test_the_published_document_is_up_to_date() -> None:
    published = openapi.PATH.read_text(encoding="utf-8")
    assert published == openapi.text(), "run: python -m scripts.openapi"


def test_every_route_of_the_application_is_published() -> None:
    published = {
        (path, method) for path, operations in openapi.document()["paths"].items() for method in operations
    }
    served = {(route.path, method.lower()) for route in Gateway().app.routes for method in route.methods}
    assert served == published


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_example_is_answered_by_something_like_the_example(name: str) -> None:
    path, method, operation = OPERATIONS[name]
    example = EXAMPLES[name]
    answer = Gateway().request(method, path.format(model="churn", version=7), example.body)
    assert answer.status in (200, 202)
    described = operation["responses"][str(answer.status)]["content"]["application/json"]
    for body in (answer.body, example.answer, described["example"]):
        _check(body, described["schema"])
        assert body.keys() == example.answer.keys()


def test_the_example_of_a_problem_is_one() -> None:
    answer = Gateway().predict({"visits": 5000, "active": True})
    _check(PROBLEM, {"$ref": "#/components/schemas/ErrorBody"})
    assert {**PROBLEM, "request_id": answer.body["request_id"]} == answer.body


def _check(body: object, schema: object) -> None:
    jsonschema.validate(body, {**DOCUMENT, "allOf": [schema]})


def test_the_library_and_the_project_have_one_version() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    assert project["project"]["version"] == lambdaloop.__version__
