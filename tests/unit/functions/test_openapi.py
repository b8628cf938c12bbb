import tomllib
from pathlib import Path

import lambdaloop
from scripts import openapi
from tests.unit.functions.gateway import Gateway


def test_the_published_document_is_up_to_date() -> None:
    published = openapi.PATH.read_text(encoding="utf-8")
    assert published == openapi.text(), "run: python -m scripts.openapi"


def test_every_route_of_the_application_is_published() -> None:
    published = {
        (path, method) for path, operations in openapi.document()["paths"].items() for method in operations
    }
    served = {
        (path, method)
        for path, operations in Gateway().app.openapi()["paths"].items()
        for method in operations
    }
    assert served == published


def test_the_library_and_the_project_have_one_version() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    assert project["project"]["version"] == lambdaloop.__version__
