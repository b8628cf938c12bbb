"""One synthesis for all tests of templates: starting CDK's JavaScript side takes seconds."""

from pathlib import Path

import pytest

from tests.infra.synthesis import Template, small_checkout, synthesize


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def assembly(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the templates of all definitions, checked by cdk-nag on the way."""
    folder = tmp_path_factory.mktemp("assembly")
    synthesize(checkout, folder, nag=True)
    return folder


@pytest.fixture(scope="session")
def templates(assembly: Path) -> dict[str, Template]:
    return {
        path.name.removesuffix(".template.json"): Template(path.read_text())
        for path in sorted(assembly.glob("*.template.json"))
    }


@pytest.fixture
def platform(templates: dict[str, Template]) -> Template:
    return templates["Lambdaloop"]


@pytest.fixture
def churn(templates: dict[str, Template]) -> Template:
    return templates["Lambdaloop-churn"]
