"""The demo takes somebody's own definition, as a pipeline gives it for a pull request."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.cli.demo import adopted
from scripts.cli.demo_setup import DemoFailedError
from scripts.cli.main import app

CHURN = Path(__file__).parents[2] / "infra" / "definitions" / "churn.yaml"


def test_the_definition_is_deployed_as_it_stands(tmp_path: Path) -> None:
    definition = adopted(CHURN)(tmp_path / "data.csv", tmp_path / "models")
    assert definition.name == "churn"
    assert (tmp_path / "models" / "churn.yaml").read_text() == CHURN.read_text()


@pytest.mark.parametrize("waiting", ["automatic: false", "approval: {expires_hours: 24}"])
def test_a_definition_whose_releases_wait_for_a_person_is_refused(waiting: str, tmp_path: Path) -> None:
    file = tmp_path / "churn.yaml"
    file.write_text(CHURN.read_text().replace("alarms: [TeamDashboardRed]", waiting))
    with pytest.raises(DemoFailedError, match="waits for a person"):
        adopted(file)(tmp_path / "data.csv", tmp_path / "models")


@pytest.mark.parametrize("others", [[], ["--data", str(CHURN), "--target", "churned"], ["--loop"]])
def test_what_the_definition_says_itself_is_not_given_again(others: list[str]) -> None:
    done = CliRunner().invoke(app, ["demo", "--definition", str(CHURN), *others])
    assert done.exit_code == 2
    assert "says target and entity" in " ".join(done.output.split())
