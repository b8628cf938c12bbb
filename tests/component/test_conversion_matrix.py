"""The conversion matrix in the documentation is of this code: the same lines, all exact, and some of them tried again."""

import pytest

from lambdaloop.domain.golden import TOLERANCE
from scripts.conversion_matrix import DOCUMENT, Case, cases, document, try_case

LINES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and "---" not in line
][1:]
TRIED = [
    case
    for case in cases()
    if (case.candidate.name, case.task)
    in {
        ("linear_svm", "multiclass"),
        ("naive_bayes", "binary"),
        ("decision_tree", "regression"),
        ("nearest_neighbors", "binary"),
        ("hist_gradient_boosting, native categories", "binary"),
        ("ridge: terms of two words, damped", "regression"),
    }
]


def test_the_matrix_has_a_line_for_every_estimator_and_task() -> None:
    wanted = [[case.candidate.name, case.task] for case in cases()]
    assert [line[:2] for line in LINES] == wanted, "run python -m scripts.conversion_matrix"


def test_every_line_is_exact_or_scikit_learns_own() -> None:
    assert {runtime for _, _, runtime, *_ in LINES} == {"compiled", "scikit-learn itself"}
    for name, task, runtime, worst, flips, _ in LINES:
        assert float(worst) <= (1e-12 if runtime == "scikit-learn itself" else TOLERANCE), name
        assert flips == ("–" if task == "regression" else "0"), name


@pytest.mark.parametrize("case", TRIED, ids=lambda case: f"{case.candidate.name} {case.task}")
def test_lines_come_out_as_they_are_written(case: Case) -> None:
    line = try_case(case)
    assert line.flips == 0
    assert line.worst <= 1e-9
    (written,) = [each for each in LINES if each[:2] == [line.name, line.task]]
    [again] = [row for row in document([line]).splitlines() if row.startswith(f"| {line.name} ")]
    assert again.split("|")[3].strip() == written[2]
    assert again.split("|")[6].strip() == written[5]
