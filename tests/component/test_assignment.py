"""Who gets which arm: by the published vectors, in two languages and several processes, and in the right shares."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdaloop.domain.assignment import BUCKETS, arm_of, bucket_of, namespace_bucket_of
from lambdaloop.domain.experiment_pin import ArmPin, ExperimentPin
from tests.fakes.samples import artifact

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"
PUBLISHED: Any = json.loads((DOCS / "assignment-vectors.json").read_text())
NODE = Path(sys.executable).parent / "node"

_PYTHON = """
import json, sys
from lambdaloop.domain.assignment import bucket_of, namespace_bucket_of
given = json.load(sys.stdin)
print(json.dumps([[bucket_of(one, salt=given["salt"]), namespace_bucket_of(one, namespace=given["namespace"])]
                  for one in given["entities"]]))
"""
_JAVASCRIPT = """
import { readFileSync } from "node:fs";
import { bucketOf, namespaceBucketOf, armOf } from "%s";
const given = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(given.entities.map((one) => [
  bucketOf(one, given.salt), namespaceBucketOf(one, given.namespace), armOf(one, given)])));
"""


def experiment(shares: dict[str, int], *, first_bucket: int = 0, buckets: int = BUCKETS) -> ExperimentPin:
    arms = tuple(
        ArmPin(name=name, version=number, bundle=artifact(), share=share)
        for number, (name, share) in enumerate(shares.items(), start=1)
    )
    return ExperimentPin(
        id="x", salt="summer", namespace="churn", first_bucket=first_bucket, buckets=buckets, arms=arms
    )


def arms_of(pin: ExperimentPin, entities: list[str]) -> dict[str, str]:
    """The arm of each entity that is in the experiment."""
    found = {entity: pin.assign(entity, request="r") for entity in entities}
    return {entity: pin.arms[one.arm].name for entity, one in found.items() if one.kind == "entity"}


def test_every_published_vector_is_what_the_code_computes() -> None:
    given = PUBLISHED["experiment"]
    pin = ExperimentPin(
        id="published",
        salt=given["salt"],
        namespace=given["namespace"],
        first_bucket=given["first_bucket"],
        buckets=given["buckets"],
        arms=tuple(ArmPin(**arm, version=1, bundle=artifact()) for arm in given["arms"]),
    )
    assert len(PUBLISHED["vectors"]) == 100
    assert {vector["arm"] for vector in PUBLISHED["vectors"]} == {"control", "challenger", "cautious", None}
    for vector in PUBLISHED["vectors"]:
        entity = vector["entity"]
        assert bucket_of(entity, salt=pin.salt) == vector["bucket"]
        assert namespace_bucket_of(entity, namespace=pin.namespace) == vector["namespace_bucket"]
        if entity:
            found = pin.assign(entity, request="r")
            assert (None if found.kind == "outside" else pin.arms[found.arm].name) == vector["arm"]


@pytest.mark.parametrize("seed", ["0", "1", "4294967295"])
def test_another_process_with_another_hash_seed_computes_the_same(seed: str) -> None:
    path = str(PROJECT / "layers" / "core" / "python")
    found = _run([sys.executable, "-c", _PYTHON], {"PYTHONPATH": path, "PYTHONHASHSEED": seed})
    assert found == [[vector["bucket"], vector["namespace_bucket"]] for vector in PUBLISHED["vectors"]]


def test_javascript_computes_the_same() -> None:
    program = _JAVASCRIPT % (DOCS / "assignment.mjs").as_uri()
    found = _run([str(NODE), "--input-type=module", "-e", program], {})
    assert found == [
        [vector["bucket"], vector["namespace_bucket"], vector["arm"]] for vector in PUBLISHED["vectors"]
    ]


@pytest.mark.parametrize(
    "shares", [{"a": 5000, "b": 5000}, {"a": 9000, "b": 1000}, {"a": 7000, "b": 100, "c": 2900}]
)
def test_a_hundred_thousand_entities_are_split_as_asked(shares: dict[str, int]) -> None:
    counts = Counter(arms_of(experiment(shares), [f"customer-{n}" for n in range(100_000)]).values())
    for name, share in shares.items():
        assert counts[name] / 100_000 == pytest.approx(share / BUCKETS, abs=0.005)


def test_a_namespace_gives_an_experiment_its_range_of_entities() -> None:
    entities = [str(n) for n in range(50_000)]
    shares = {"a": 5000, "b": 5000}
    inside = [
        set(arms_of(experiment(shares, first_bucket=first, buckets=2500), entities))
        for first in (0, 2500, 5000, 7500)
    ]
    assert [len(each) / len(entities) for each in inside] == pytest.approx([0.25] * 4, abs=0.01)
    assert set.union(*inside) == set(entities)
    assert sum(map(len, inside)) == len(entities)


def test_arms_do_not_depend_on_the_place_in_the_namespace() -> None:
    entities = [f"user{n}@example.com" for n in range(100_000)]
    for first in (0, 4000, 9000):
        arms = arms_of(experiment({"a": 6000, "b": 4000}, first_bucket=first, buckets=1000), entities)
        share = Counter(arms.values())["a"] / len(arms)
        assert share == pytest.approx(0.6, abs=5 * (0.6 * 0.4 / len(arms)) ** 0.5)


def test_a_salt_splits_independently_of_another_one_and_of_a_namespace_of_its_name() -> None:
    both = Counter(
        (
            bucket_of(key, salt="one") < 5000,
            bucket_of(key, salt="two") < 5000,
            namespace_bucket_of(key, namespace="one") < 5000,
        )
        for key in map(str, range(100_000))
    )
    assert [count / 100_000 for count in both.values()] == pytest.approx([1 / 8] * 8, abs=0.005)


def test_a_ramp_lets_more_in_and_moves_nobody() -> None:
    entities = [str(n) for n in range(20_000)]
    shares = {"control": 5000, "b": 3000, "c": 2000}
    before: dict[str, str] = {}
    for buckets in (0, 100, 1000, 7000):
        now = arms_of(experiment(shares, first_bucket=3000, buckets=buckets), entities)
        assert before.items() <= now.items()
        assert len(now) / 20_000 == pytest.approx(buckets / BUCKETS, abs=0.015)
        before = now


def test_of_two_arms_a_greater_share_takes_from_the_other_one_only() -> None:
    entities = [str(n) for n in range(20_000)]
    before = arms_of(experiment({"a": 5000, "b": 5000}), entities)
    after = arms_of(experiment({"a": 3000, "b": 7000}), entities)
    assert {(before[entity], after[entity]) for entity in entities} == {("a", "a"), ("a", "b"), ("b", "b")}


@settings(max_examples=15)
@given(st.lists(st.integers(0, 5), min_size=2, max_size=6).filter(sum))
def test_every_bucket_has_its_arm_and_every_arm_its_buckets(parts: list[int]) -> None:
    shares = [BUCKETS * part // sum(parts) for part in parts]
    shares[-1] += BUCKETS - sum(shares)
    counts = Counter(arm_of(bucket, shares) for bucket in range(BUCKETS))
    assert [counts[place] for place in range(len(shares))] == shares


@given(st.text(), st.text())
def test_any_text_has_a_bucket_and_half_characters_are_replaced(before: str, after: str) -> None:
    assert 0 <= bucket_of(before, salt="s") < BUCKETS
    lone = f"{before}-\ud800-{after}"
    assert bucket_of(lone, salt="s") == bucket_of(lone.replace("\ud800", "\ufffd"), salt="s")


def test_without_an_entity_the_request_decides_and_says_so() -> None:
    pin = experiment({"a": 5000, "b": 5000}, buckets=5000)
    for nobody in (None, ""):
        found = [pin.assign(nobody, request=f"request-{n}") for n in range(4000)]
        kinds = Counter(one.kind for one in found)
        assert set(kinds) == {"request", "outside"}
        assert kinds["request"] / 4000 == pytest.approx(0.5, abs=0.05)
        arms = Counter(one.arm for one in found if one.kind == "request")
        assert arms[0] / arms.total() == pytest.approx(0.5, abs=0.06)
        assert {one.arm for one in found if one.kind == "outside"} == {0}
        assert found == [pin.assign(nobody, request=f"request-{n}") for n in range(4000)]


def _run(command: list[str], environment: dict[str, str]) -> Any:
    document = {**PUBLISHED["experiment"], "entities": [vector["entity"] for vector in PUBLISHED["vectors"]]}
    done = subprocess.run(
        command,
        input=json.dumps(document),
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
