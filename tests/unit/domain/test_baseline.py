"""Case D7: a baseline that cannot be read is one typed error, never a comparison with something else."""

import json
from typing import Any

import pytest

from lambdaloop.domain.baseline import SCHEMA, Baseline, Curve, Reconstruction
from lambdaloop.domain.errors import BaselineUnusableError
from lambdaloop.domain.outcomes import NumberOutcomes, Spread, Sums
from lambdaloop.domain.profile import Profile, profile_numbers

BASELINE = Baseline(
    profile=Profile(
        rows=3,
        features={"age": profile_numbers([1.0, 2.0, None], (1.5,))},
        prediction=profile_numbers([1.0, 2.0, 3.0], (2.5,)),
    ),
    outcomes=NumberOutcomes(
        rows=3, absolute=Sums(total=1, squares=2), squared=Sums(total=2, squares=4), actual=Spread(mean=2)
    ),
    calibration={"yes": Curve(x=(0.0, 1.0), y=(0.1, 0.9))},
    reconstruction=Reconstruction(columns=("age",), means=(1.5,), scales=(0.5,), components=((1.0,),)),
)


def test_a_baseline_reads_back() -> None:
    assert Baseline.from_json(BASELINE.to_json()) == BASELINE


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"{}", b"\xff\xfe", b'"text"', b'{"schema": 2}', BASELINE.to_json()[:-20]],
)
def test_a_damaged_baseline_is_unusable(content: bytes) -> None:
    with pytest.raises(BaselineUnusableError, match=r"this is no baseline.*train a new version"):
        Baseline.from_json(content)


@pytest.mark.parametrize("schema", [1, SCHEMA + 1, "2", None])
def test_a_baseline_of_another_schema_is_unusable(schema: Any) -> None:
    document = {**json.loads(BASELINE.to_json()), "schema": schema}
    with pytest.raises(BaselineUnusableError, match=f"has schema {schema!r}, this code reads {SCHEMA}"):
        Baseline.from_json(json.dumps(document).encode())


def test_the_first_schema_was_a_profile_alone() -> None:
    with pytest.raises(BaselineUnusableError, match="has schema 1"):
        Baseline.from_json(BASELINE.profile.to_json())


@pytest.mark.parametrize("field", ["profile", "outcomes", "calibration"])
def test_a_field_of_another_type_is_unusable(field: str) -> None:
    document = {**json.loads(BASELINE.to_json()), field: 7}
    with pytest.raises(BaselineUnusableError, match="this is no baseline"):
        Baseline.from_json(json.dumps(document).encode())
