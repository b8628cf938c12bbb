"""What the closed-loop demo replays, and how it declares the model of a stream."""

from pathlib import Path

import pytest

from lambdaloop.definition_schema import load_definition
from lambdaloop.domain.errors import DatasetInvalidError
from scripts.cli.demo_loop_definition import write_stream_definition
from scripts.cli.demo_stream import Stream, StreamTooShortError, built_in_stream, stream_of_file

HEADER = "temperature,humidity,wind,state,sold"


def row(number: int) -> str:
    """The wind is calm in the first half; later it blows, and humidity is missing now and then."""
    late = number >= 100
    humidity = "" if late and number % 10 == 0 else str(number % 7)
    return f"{number % 13 + 0.5},{humidity},{number % 5 if late else 0},{'wet' if number % 3 else 'dry'},{number % 2}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text("\n".join([HEADER, *map(row, range(200))]) + "\n")
    return path


def stream_of(data: Path, *, days: int | None = None, delay: int = 1, target: str = "sold") -> Stream:
    return stream_of_file(
        data, data.parent / "stream", target=target, days=days, rows_per_day=20, label_delay_days=delay
    )


def test_the_first_fifth_is_training_data_and_the_rest_is_replayed_in_order(data: Path) -> None:
    stream = stream_of(data)
    assert stream.training.read_text().splitlines()[1:] == list(map(row, range(40)))
    assert stream.replay.read_text().splitlines()[1:] == list(map(row, range(40, 200)))
    assert stream.days == 8


def test_fewer_days_leave_the_training_data_as_they_are(data: Path) -> None:
    whole = stream_of(data).training.read_text()
    stream = stream_of(data, days=3)
    assert stream.days == 3
    assert stream.training.read_text() == whole


def test_labels_are_known_after_the_delay(data: Path) -> None:
    assert list(stream_of(data, days=2, delay=3).label_days) == [3] * 20 + [4] * 20


def test_a_file_that_is_too_short_to_replay_is_refused_with_the_fix(data: Path) -> None:
    data.write_text("\n".join([HEADER, *map(row, range(20))]))
    with pytest.raises(StreamTooShortError, match="lower --rows-per-day"):
        stream_of(data)


def test_the_definition_knows_every_column_but_holds_only_what_the_training_data_say(data: Path) -> None:
    stream = stream_of(data)
    definition = write_stream_definition(stream, entity=None, models=data.parent / "models")
    wind, temperature = definition.features["wind"], definition.features["temperature"]
    assert (wind.type, wind.min, wind.max) == ("integer", None, None)  # it never blew in the training data
    assert (temperature.type, temperature.min) == ("number", 0.5)
    assert definition.features["humidity"].nullable  # though nothing is missing at first
    assert load_definition(data.parent / "models" / "sales.yaml") == definition


def test_the_definition_captures_all_features_and_closes_the_loop(data: Path) -> None:
    definition = write_stream_definition(stream_of(data), entity=None, models=data.parent / "models")
    assert set(definition.serving.capture) == set(definition.features)
    assert definition.monitoring.every_hours == 24
    assert set(definition.retraining.on) >= {"drift", "performance"}
    assert definition.release.steps[-1] == 100


def test_rows_and_labels_have_the_types_that_the_model_takes(data: Path) -> None:
    stream = stream_of(data)
    definition = write_stream_definition(stream, entity=None, models=data.parent / "models")
    rows, actuals = stream.rows(definition), stream.actuals(definition)
    assert rows[60] == {"temperature": 100 % 13 + 0.5, "humidity": None, "wind": 0, "state": "wet"}
    assert actuals[:4] == [0, 1, 0, 1]
    assert len(rows) == len(actuals) == 160


def test_a_target_that_is_none_of_the_classes_is_told(data: Path) -> None:
    stream = stream_of(data)
    definition = write_stream_definition(stream, entity=None, models=data.parent / "models")
    text = stream.replay.read_text().splitlines()
    stream.replay.write_text("\n".join([*text[:-1], text[-1][:-1] + "7"]))
    with pytest.raises(DatasetInvalidError, match="sold must be one of"):
        stream.actuals(definition)


def test_the_built_in_stream_is_trained_on_three_weeks_and_replayed_for_as_many_as_asked(
    tmp_path: Path,
) -> None:
    stream = built_in_stream(tmp_path, days=4, rows_per_day=10, label_delay_days=1)
    assert len(stream.training.read_text().splitlines()) == 1 + 22 * 10
    assert stream.days == 4
    assert min(stream.label_days) == 1
    definition = write_stream_definition(stream, entity=None, models=tmp_path / "models")
    assert (definition.name, definition.task) == ("shop-returns", "binary")
    assert set(definition.features) == {"price", "discount", "delivery_days", "items", "channel", "category"}
