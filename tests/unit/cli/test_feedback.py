"""Files of labels are checked before they are uploaded, with the eyes of the watch."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.definition import ModelDefinition
from lambdaloop.domain.errors import DatasetInvalidError
from lambdaloop.domain.prediction_id import new_prediction_id
from scripts.cli.feedback import FeedbackInvalidError, check_labels
from tests.fakes.tiny_model import DEFINITION

ID = new_prediction_id(datetime(2026, 3, 1, 12, tzinfo=UTC))


def check(
    *lines: str, header: str = "prediction_id,actual,observed_at", definition: ModelDefinition | None = None
) -> int:
    content = "\n".join([header, *lines]).encode()
    return check_labels(content, source="labels.csv", definition=definition or DEFINITION)


def test_labels_with_and_without_a_time_are_counted() -> None:
    assert check(f"{ID},yes,2026-03-02T09:00:00Z", f"{ID},no,", f'{ID},"yes",2026-03-02T10:00:00+01:00') == 3
    assert check(f"yes,{ID}", header="actual,prediction_id") == 1


def test_rewards_come_beside_labels_or_instead_of_them() -> None:
    header = "prediction_id,actual,reward"
    assert check(f"{ID},yes,1.5", f"{ID},,-2", f"{ID},no,", header=header) == 3
    assert check(f"1e3,{ID}", header="reward,prediction_id") == 1
    with pytest.raises(FeedbackInvalidError) as refused:
        check(f"{ID},,", f"{ID},yes,much", f"{ID},,nan", f"{ID},perhaps,1", header=header)
    _, *told = str(refused.value).splitlines()
    assert [line.split(":")[0] for line in told] == ["row 1", "row 2", "row 3", "row 4"]
    assert told[0].endswith("actual is missing, and so is reward")
    assert told[1].endswith("reward must be a finite number, got 'much'")


def test_a_regression_takes_numbers() -> None:
    ridge = (Candidate(name="linear", estimator="ridge"),)
    training = replace(DEFINITION.training, metric="rmse", candidates=ridge)
    regression = replace(DEFINITION, task="regression", classes=(), training=training)
    assert check(f"{ID},12,", f"{ID},-1.5e3,", definition=regression) == 2
    with pytest.raises(FeedbackInvalidError, match="row 1: actual must be a finite number, got 'yes'"):
        check(f"{ID},yes,", definition=regression)


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("prediction_id,label", "column 'actual' is missing"),
        ("id,actual", "column 'prediction_id' is missing"),
        ("prediction_id,actual,age", "column 'age' is unknown here"),
    ],
)
def test_another_header_is_refused(header: str, problem: str) -> None:
    with pytest.raises(FeedbackInvalidError, match=f"labels.csv: {problem}"):
        check(",".join("x" * (header.count(",") + 1)), header=header)


def test_every_wrong_row_is_named() -> None:
    with pytest.raises(FeedbackInvalidError) as refused:
        check(
            f"{ID},yes,",
            "order-7,yes,",
            f"{ID},perhaps,",
            f"{ID},,",
            f"{ID},yes,yesterday",
            f"{ID},yes,2026-03-02T09:00:00",
        )
    first, *told = str(refused.value).splitlines()
    assert first == "labels.csv: nothing was uploaded"
    assert [line.split(":")[0] for line in told] == ["row 2", "row 3", "row 4", "row 5", "row 6"]
    assert "one of the classes 'no', 'yes', got 'perhaps'" in told[1]


def test_of_many_wrong_rows_the_first_are_told() -> None:
    with pytest.raises(FeedbackInvalidError) as refused:
        check(*[f"{ID},perhaps,"] * 50)
    assert len(str(refused.value).splitlines()) == 22
    assert str(refused.value).endswith("and 30 more")


def test_a_file_without_labels_or_that_is_no_csv_is_refused() -> None:
    with pytest.raises(FeedbackInvalidError, match="no labels"):
        check()
    with pytest.raises(DatasetInvalidError, match="row 1 has 2 fields"):
        check(f"{ID},yes")
