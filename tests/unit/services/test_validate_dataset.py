import pytest

from functions.resolve_dataset.handler import handle as resolve
from functions.validate_dataset.handler import handle
from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import DatasetInvalidError, DefinitionInvalidError
from tests.unit.services.test_resolve_dataset import RUN
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import definition, sample_csv


def validate(made: Workshop) -> Document:
    return handle({**RUN, "dataset": resolve(RUN, made.app)}, made.app)


def test_good_data_give_the_rows_on_either_side_and_the_candidates() -> None:
    found = validate(Workshop(definition(), sample_csv()))
    assert found["rows"] == found["training_rows"] + found["holdout_rows"] == 400
    assert found["candidates"] == ["logistic_regression", "random_forest", "hist_gradient_boosting"]
    assert found["unexpected"] == []


def test_accepted_surprises_are_reported_and_training_goes_on() -> None:
    content = sample_csv().replace(b",basic,", b",bronze,", 3)
    (line,) = validate(Workshop(definition(), content))["unexpected"]
    assert line.startswith(
        "column 'plan': 3 × not among the categories, first 'bronze' in sample/part-0.csv row "
    )


def test_bad_data_are_refused_with_file_and_row() -> None:
    bad = b"\r\n".join(sample_csv(seed=1).split(b"\r\n")).replace(b",yes\r\n", b",dunno\r\n", 1)
    with pytest.raises(
        DatasetInvalidError, match=r"1 × not one of the classes .*, first 'dunno' in sample/part-1\.csv row "
    ):
        validate(Workshop(definition(), sample_csv(), bad))


def test_a_wrong_hyperparameter_is_told_before_the_candidates_are_trained() -> None:
    wrong = Candidate(name="odd", estimator="random_forest", parameters={"trees": 3})
    with pytest.raises(DefinitionInvalidError, match="candidate 'odd': 'trees' is no parameter"):
        validate(Workshop(definition(training={"candidates": (wrong,)}), sample_csv()))
