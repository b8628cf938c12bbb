from pathlib import Path

from scripts.benchmarks.report import Section, Table, write_section


def _section(title: str, figure: str) -> Section:
    return Section(title=title, text="How.", table=Table(head=["model", "ms"], rows=[["forest", figure]]))


def test_measuring_one_benchmark_again_leaves_the_others_alone(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    write_section("warm", _section("Warm", "1"), path=path)
    write_section("cold", _section("Cold", "2"), path=path)
    write_section("warm", _section("Warm", "3"), path=path)
    text = path.read_text(encoding="utf-8")
    assert text.index("| forest | 3 |") < text.index("| forest | 2 |")
    assert "| forest | 1 |" not in text
    assert text.count("# Benchmarks\n") == 1
    assert text.count("Measured ") == 2


def test_a_table_aligns_its_figures_to_the_right() -> None:
    table = Table(head=["model", "ms", "ratio"], rows=[["forest", "1", "2"]])
    assert table.markdown() == "| model | ms | ratio |\n| --- | ---: | ---: |\n| forest | 1 | 2 |"
