import re
from itertools import groupby

from scripts.localcloud import schedules
from scripts.localcloud.cloudwatch.alarm_evaluation import EXTRA_PERIODS
from scripts.localcloud.eventing import targets
from scripts.localcloud.not_emulated import NOT_EMULATED, PAGE, render


def test_the_page_says_what_the_list_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run python -m scripts.localcloud.not_emulated"


def test_every_difference_is_told_once_with_its_consequence() -> None:
    texts = [one.what for one in NOT_EMULATED]
    assert len(set(texts)) == len(texts)
    for one in NOT_EMULATED:
        assert one.what.endswith(".")
        assert one.consequence_for_tests.endswith(".")
        assert "|" not in one.what + one.consequence_for_tests  # it would break the table


def test_an_area_has_one_section() -> None:
    areas = [area for area, _ in groupby(one.area for one in NOT_EMULATED)]
    assert len(set(areas)) == len(areas)


def test_the_areas_that_a_reader_looks_for_are_there() -> None:
    areas = {one.area for one in NOT_EMULATED}
    assert areas >= {"IAM", "Lambda", "DynamoDB", "S3", "EventBridge", "Firehose", "Athena", "Step Functions"}


def test_the_numbers_on_the_page_are_those_of_the_code() -> None:
    page = render()
    assert str(schedules.MAX_FIRINGS) in page
    assert EXTRA_PERIODS == 2
    assert "two more" in page
    assert len(re.findall("Lambda, Step Functions, SNS, SQS, Firehose, CloudWatch Logs", page)) == 1
    assert len(targets.SERVICES) == 6
