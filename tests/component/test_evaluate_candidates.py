from dataclasses import replace

import pytest

from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.definition import Gate, ModelDefinition
from lambdaloop.domain.documents import Document
from lambdaloop.domain.errors import GateRejectedError
from lambdaloop.domain.version import BUNDLE, ESTIMATOR
from lambdaloop.services.evaluate_candidates import choose_winner
from lambdaloop.services.train_candidate import CandidateResult
from tests.unit.services.training_run import Workshop
from tests.unit.training.sample_data import FEATURES, candidate, definition, sample_csv


def result(name: str, score: float | None) -> CandidateResult:
    return CandidateResult(name=name, estimator="random_forest", score=score, score_std=0.0, seconds=1.0)


def test_the_best_score_wins_and_of_equal_ones_the_first() -> None:
    results = [result("a", 0.7), result("b", 0.9), result("c", 0.9), result("d", None)]
    assert choose_winner(definition("binary"), results).name == "b"
    assert choose_winner(definition("regression"), results).name == "a"


def test_without_any_score_nothing_wins() -> None:
    with pytest.raises(GateRejectedError, match="none of a, b has a cross-validated roc_auc"):
        choose_winner(definition(), [result("a", None), result("b", None)])


def only(*candidates: Candidate, **changes: object) -> ModelDefinition:
    return definition(training={"candidates": candidates}, **changes)  # type: ignore[arg-type]


GOOD = only(candidate("logistic_regression"))
WEAK = only(Candidate(name="weak", estimator="random_forest", parameters={"n_estimators": 1, "max_depth": 1}))


@pytest.fixture
def champion() -> Workshop:
    """A workshop whose champion is a good model."""
    workshop = Workshop(GOOD, sample_csv())
    workshop.make_champion(workshop.run()["version"]["number"])
    return workshop


def replace_file(workshop: Workshop, file: str, content: bytes) -> None:
    """Other bytes in the champion's place, with the digest that the record has for them."""
    version = workshop.registry.version("sample", 1)
    stored = workshop.artifacts.put("sample", file, content)
    workshop.registry._versions["sample"] = [replace(version, files={**version.files, file: stored})]


def checks(state: Document) -> dict[str, Document]:
    return {check["name"]: check for check in state["evaluation"]["checks"]}


def test_a_winner_below_the_minimum_is_rejected_with_its_numbers() -> None:
    workshop = Workshop(replace(GOOD, gate=Gate(minimum={"roc_auc": 0.999})), sample_csv())
    state = workshop.until_gate()
    assert state["evaluation"]["passed"] is False
    check = checks(state)["minimum"]
    assert check["value"] == state["evaluation"]["metrics"]["roc_auc"] < check["limit"] == 0.999


def test_the_first_version_has_no_champion_to_beat() -> None:
    evaluation = Workshop(GOOD, sample_csv()).until_gate()["evaluation"]
    assert "champion" not in evaluation
    assert evaluation["passed"] is True


def test_the_same_model_again_is_exactly_as_good_as_the_champion(champion: Workshop) -> None:
    state = champion.until_gate("run-2")
    assert state["evaluation"]["champion"] == 1
    assert state["evaluation"]["passed"] is True
    check = checks(state)["champion"]
    assert check["value"] == check["limit"]


def test_a_winner_worse_than_the_champion_is_rejected(champion: Workshop) -> None:
    champion.deploy(WEAK)
    state = champion.until_gate("run-2")
    assert state["evaluation"]["passed"] is False
    assert "champion version 1 has" in checks(state)["champion"]["reason"]


def test_a_champion_with_other_columns_is_scored_on_its_own(champion: Workshop) -> None:
    fewer = {name: feature for name, feature in FEATURES.items() if name != "active"}
    champion.deploy(replace(GOOD, features=fewer, gate=Gate(max_drop=0.5)))
    state = champion.until_gate("run-2")
    assert checks(state)["champion"]["passed"] is True


def test_a_champion_that_would_refuse_rows_is_scored_on_them_all_the_same() -> None:
    strict = FEATURES | {"plan": replace(FEATURES["plan"], unexpected="reject")}
    workshop = Workshop(replace(GOOD, features=strict), sample_csv())
    workshop.make_champion(workshop.run()["version"]["number"])
    workshop.deploy(replace(GOOD, gate=Gate(max_drop=0.5)))
    workshop.datasets.upload("sample/part-1.csv", sample_csv(seed=3).replace(b",basic,", b",gold,"))
    assert checks(workshop.until_gate("run-2"))["champion"]["passed"] is True


def test_a_champion_whose_columns_are_gone_fails_the_gate_with_the_reason(champion: Workshop) -> None:
    content = sample_csv().replace(b"score", b"points", 1)
    champion.datasets.upload("sample/part-0.csv", content)
    renamed = {("points" if name == "score" else name): feature for name, feature in FEATURES.items()}
    champion.deploy(replace(GOOD, features=renamed))
    state = champion.until_gate("run-2")
    assert state["evaluation"]["passed"] is False
    assert (
        "champion version 1 could not be evaluated: columns 'score' are missing"
        in checks(state)["champion"]["reason"]
    )


def test_a_champion_of_other_classes_fails_the_gate_with_the_reason(champion: Workshop) -> None:
    champion.datasets.upload("sample/part-0.csv", sample_csv().replace(b",yes\r", b",gone\r"))
    champion.deploy(replace(GOOD, classes=("no", "gone")))
    state = champion.until_gate("run-2")
    assert "it predicts binary ['no', 'yes']" in checks(state)["champion"]["reason"]
    assert state["evaluation"]["passed"] is False


def test_a_champion_with_classes_in_another_order_is_understood(champion: Workshop) -> None:
    champion.deploy(replace(GOOD, classes=("yes", "no")))
    check = checks(champion.until_gate("run-2"))["champion"]
    assert check["value"] == pytest.approx(check["limit"], abs=1e-6)


@pytest.mark.parametrize("file", [BUNDLE, ESTIMATOR])
@pytest.mark.parametrize("damage", ["flip", "delete"])
def test_a_damaged_champion_is_not_loaded_and_fails_the_gate(
    champion: Workshop, file: str, damage: str
) -> None:
    artifact = champion.registry.version("sample", 1).files[file]
    content = champion.artifacts.objects.pop((artifact.key, artifact.version_id))
    if damage == "flip":
        champion.artifacts.objects[artifact.key, artifact.version_id] = bytes([content[0] ^ 1]) + content[1:]
    champion.deploy(only(candidate("hist_gradient_boosting")))
    state = champion.until_gate("run-2")
    assert state["evaluation"]["passed"] is False
    assert "could not be evaluated" in checks(state)["champion"]["reason"]


def test_a_value_that_the_champion_cannot_read_fails_the_gate(champion: Workshop) -> None:
    content = sample_csv().decode().replace(",basic,", ",basic,n", 500)
    content = content.replace(",plus,", ",plus,n").replace(",pro,", ",pro,n")
    champion.datasets.upload("sample/part-0.csv", content.encode())
    features = {name: feature for name, feature in FEATURES.items() if name != "amount"}
    champion.deploy(replace(GOOD, features=features))
    reason = checks(champion.until_gate("run-2"))["champion"]["reason"]
    assert "could not be evaluated: column 'amount'" in reason
    assert "not a finite number" in reason


@pytest.mark.parametrize(
    "pickled", [b"csklearn.gone\nLost\n.", b"cbuiltins\nlist\n(tR.", b"no pickle at all"]
)
def test_an_estimator_of_other_packages_is_a_champion_that_cannot_be_evaluated(
    champion: Workshop, pickled: bytes
) -> None:
    replace_file(champion, ESTIMATOR, pickled)
    state = champion.until_gate("run-2")
    assert state["evaluation"]["passed"] is False
    assert "could not be evaluated: its estimator cannot be used with" in checks(state)["champion"]["reason"]


def test_a_champion_whose_record_names_no_estimator_cannot_be_evaluated(champion: Workshop) -> None:
    version = champion.registry.version("sample", 1)
    files = {name: file for name, file in version.files.items() if name != ESTIMATOR}
    champion.registry._versions["sample"] = [replace(version, files=files)]
    reason = checks(champion.until_gate("run-2"))["champion"]["reason"]
    assert "could not be evaluated: its record names no estimator.joblib" in reason


def test_an_optional_champion_that_cannot_be_evaluated_holds_no_version_up(champion: Workshop) -> None:
    replace_file(champion, ESTIMATOR, b"no pickle at all")
    champion.deploy(replace(GOOD, gate=Gate(champion="optional")))
    state = champion.run("run-2")
    assert state["version"] == {"number": 2}
    check = champion.version(state).gate["checks"][0]
    assert check["name"] == "champion"
    assert "could not be evaluated" in check["reason"]


SEEN = "the champion may have seen some of these rows: its holdout was chosen otherwise"


@pytest.mark.parametrize(
    ("split", "told"),
    [({"holdout": 0.3}, True), ({"split": "time"}, True), ({}, False), ({"holdout": 0.15}, False)],
)
def test_a_champion_that_was_trained_with_another_split_is_doubted(
    champion: Workshop, split: dict[str, object], told: bool
) -> None:
    champion.deploy(definition(training={"candidates": GOOD.training.candidates, **split}))
    assert (SEEN in checks(champion.until_gate("run-2"))["champion"]["reason"]) is told
