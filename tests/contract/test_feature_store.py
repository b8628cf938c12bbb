"""What every online store and every history promises: those in memory, DynamoDB and S3."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdaloop.adapters.dynamo_features import DynamoFeatureStore
from lambdaloop.adapters.s3_feature_history import S3FeatureHistory
from lambdaloop.domain.errors import BackendUnavailableError
from lambdaloop.domain.stored_features import StoredRow, item_key, read_time, read_values
from lambdaloop.ports.features import ItemState
from tests.contract.aws import DATA_BUCKET, Aws
from tests.fakes.features import InMemoryFeatureHistory, InMemoryFeatureStore

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ROW = StoredRow(
    entity="c-1",
    event_time=MORNING,
    put_at=MORNING + SECOND,
    values={"spend": 0.1, "least": 5e-324, "most": 1.7976931348623157e308, "big": 2**60 + 1, "plan": None},
)
TABLE = "features"


@dataclass
class Desk:
    """A store and a way to look into it."""

    store: Any
    aws: Aws | None = None

    def row(self, entity: str) -> StoredRow:
        if self.aws is None:
            found: StoredRow = self.store.items[item_key("g", entity)][0]
            return found
        item = self.aws.dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": item_key("g", entity)}})["Item"]
        return StoredRow(
            entity=entity,
            event_time=read_time(item["event_time"]["S"]),
            put_at=read_time(item["put_at"]["S"]),
            values=read_values(item["values"]["S"]),
        )


def dynamo(aws: Aws) -> DynamoFeatureStore:
    aws.dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return DynamoFeatureStore(table=TABLE, client=aws.dynamodb, sleep=aws.waits.append)


@pytest.fixture(params=["fake", "dynamodb"])
def desk(request: pytest.FixtureRequest) -> Desk:
    if request.param == "fake":
        return Desk(InMemoryFeatureStore())
    aws: Aws = request.getfixturevalue("aws")
    return Desk(dynamo(aws), aws)


def test_what_is_put_comes_back_bit_for_bit(desk: Desk) -> None:
    assert desk.store.put("g", ROW, expires=1234)
    assert desk.row("c-1") == ROW
    assert desk.store.states("g", ["c-1", "c-2"]) == {
        "c-1": ItemState(event_time=ROW.event_time, put_at=ROW.put_at, expires=1234)
    }


@pytest.mark.parametrize(
    ("event_time", "put_at", "replaces"),
    [
        (MORNING + SECOND, MORNING, True),
        (MORNING, MORNING + 2 * SECOND, True),
        (MORNING, MORNING + SECOND, True),  # the same put once more
        (MORNING, MORNING, False),
        (MORNING - SECOND, MORNING + 2 * SECOND, False),
        (MORNING - timedelta(microseconds=1), MORNING + 2 * SECOND, False),
    ],
)
def test_only_a_row_that_is_as_new_replaces_another(
    desk: Desk, event_time: datetime, put_at: datetime, replaces: bool
) -> None:
    desk.store.put("g", ROW, expires=None)
    other = replace(ROW, event_time=event_time, put_at=put_at, values={"spend": 2.0})
    assert desk.store.put("g", other, expires=None) is replaces
    assert desk.row("c-1") == (other if replaces else ROW)


def test_groups_and_entities_do_not_meet(desk: Desk) -> None:
    desk.store.put("g", ROW, expires=None)
    desk.store.put("other", ROW, expires=None)
    desk.store.put("g", replace(ROW, entity="c#1"), expires=None)
    assert desk.store.states("g", ["c-1", "c#1", "c"]).keys() == {"c-1", "c#1"}
    assert desk.store.states("third", ["c-1"]) == {}


def test_more_than_a_hundred_entities_are_read_in_batches(desk: Desk) -> None:
    names = [f"c-{number}" for number in range(230)]
    for name in names[::7]:
        desk.store.put("g", replace(ROW, entity=name), expires=None)
    assert desk.store.states("g", names).keys() == set(names[::7])


class Throttled:
    """A client whose table leaves keys over, so many times."""

    def __init__(self, client: Any, times: int) -> None:
        self._client, self.times = client, times

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803  (boto3's)
        if self.times:
            self.times -= 1
            return {"Responses": {}, "UnprocessedKeys": RequestItems}
        return self._client.batch_get_item(RequestItems=RequestItems)


def test_keys_that_dynamodb_leaves_over_are_asked_for_again_and_not_for_ever(aws: Aws) -> None:
    dynamo(aws).put("g", ROW, expires=None)
    client: Any = Throttled(aws.dynamodb, times=3)
    store = DynamoFeatureStore(table=TABLE, client=client, sleep=aws.waits.append)
    assert store.states("g", ["c-1"]).keys() == {"c-1"}
    assert len(aws.waits) == 3
    client.times = 100
    with pytest.raises(BackendUnavailableError, match="table features left keys over 10 times"):
        store.states("g", ["c-1"])


def test_what_is_stored_about_an_entity_is_told_by_group(aws: Aws) -> None:
    store = dynamo(aws)
    store.put("g", ROW, expires=1234)
    assert store.stored(["g", "other"], "c-1") == {
        "g": {
            "event_time": "2026-03-02T09:00:00.000000Z",
            "expires": "1234",
            "put_at": "2026-03-02T09:00:01.000000Z",
            "values": '{"big":1152921504606846977,"least":5e-324,"most":1.7976931348623157e+308,"plan":null,"spend":0.1}',
        }
    }


@pytest.fixture(params=["fake", "s3"])
def history(request: pytest.FixtureRequest) -> Any:
    if request.param == "fake":
        return InMemoryFeatureHistory()
    aws: Aws = request.getfixturevalue("aws")
    return S3FeatureHistory(bucket=DATA_BUCKET, client=aws.s3)


def test_the_first_content_of_a_place_in_the_history_stays(history: Any) -> None:
    assert history.keep("features/g/history/ab.csv", b"first") == b"first"
    assert history.keep("features/g/history/ab.csv", b"second") == b"first"
    assert history.keep("features/g/history/cd.csv", b"second") == b"second"
