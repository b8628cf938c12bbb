"""One synthesis for all tests of templates: starting CDK's JavaScript side takes seconds."""

from pathlib import Path

import pytest

from infra.app import new_app
from infra.template_checks import synthesize_with_nag
from tests.infra.synthesis import Template, config_of, read_templates, small_checkout


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def assembly(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the templates of all definitions, checked by cdk-nag on the way."""
    folder = tmp_path_factory.mktemp("assembly")
    app = new_app(outdir=folder)
    synthesize_with_nag(app, config_of(checkout))
    return folder


@pytest.fixture(scope="session")
def templates(assembly: Path) -> dict[str, Template]:
    return read_templates(assembly)


@pytest.fixture
def platform(templates: dict[str, Template]) -> Template:
    return templates["Lambdaloop"]


@pytest.fixture
def churn(templates: dict[str, Template]) -> Template:
    return templates["Lambdaloop-churn"]
