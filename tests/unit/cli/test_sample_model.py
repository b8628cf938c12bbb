"""The definition that comes with the project is what `lambdaloop init` writes for the demo's data."""

from pathlib import Path

from scripts.cli.demo_data import write_breast_cancer
from scripts.cli.init import write_definition

SAMPLE = Path(__file__).resolve().parents[3] / "models" / "breast-cancer.yaml"


def test_the_sample_definition_is_what_init_writes(tmp_path: Path) -> None:
    data = write_breast_cancer(tmp_path)
    write_definition(data, target="diagnosis", entity=None, name=None, models=tmp_path)
    assert (tmp_path / SAMPLE.name).read_text() == SAMPLE.read_text()
