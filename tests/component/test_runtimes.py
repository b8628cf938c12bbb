"""What serves a version is chosen by exactness, told with its reason, and asked through the same interface."""

from dataclasses import replace
from typing import Any

import pytest

from lambdaloop.domain.bundle import unpack_bundle
from lambdaloop.domain.candidate import Candidate
from lambdaloop.domain.documents import to_document
from lambdaloop.domain.errors import ArtifactCorruptError, DefinitionInvalidError, NotCompilableError
from lambdaloop.domain.serving_rules import Serving
from lambdaloop.domain.signature import Signature
from lambdaloop.domain.version import BUNDLE, Version
from lambdaloop.services.choose_runtime import choose_runtime
from lambdaloop.serving.served_model import LoadedBundle
from lambdaloop.training.estimator_files import dump_estimator
from lambdaloop.training.golden_rows import golden_rows
from lambdaloop.training.pipelines import fit
from tests.unit.services.training_run import Workshop
from tests.unit.training.compiled_cases import plain, trouble
from tests.unit.training.sample_data import FEATURES, candidate, definition, prepared, sample_csv


def trained(runtime: Any, chosen: Candidate) -> tuple[Workshop, Version]:
    model = definition(training={"candidates": (chosen,)}, serving=Serving(runtime=runtime))
    workshop = Workshop(model, sample_csv())
    return workshop, workshop.version(workshop.run())


def test_a_version_tells_what_serves_it_why_and_how_fast() -> None:
    workshop, version = trained("compiled", candidate("random_forest"))
    assert version.runtime is not None
    assert version.runtime.name == "compiled"
    assert version.runtime.reason.startswith("exact: no golden row is off by more than 1e-06")
    assert version.runtime.worst_difference == 0
    bundle = unpack_bundle(workshop.artifacts.get(version.files[BUNDLE]))
    assert version.runtime.bytes == len(bundle.model)
    assert all(value > 0 for value in to_document(version.runtime.speed).values())


def test_what_is_not_compiled_is_served_by_scikit_learn_and_the_reason_is_recorded() -> None:
    workshop, version = trained("auto", candidate("nearest_neighbors"))
    assert version.runtime is not None
    assert version.runtime.name == "sklearn"
    assert "KNeighborsClassifier has no compiled form" in version.runtime.reason
    model = LoadedBundle.from_bytes(workshop.artifacts.get(version.files[BUNDLE]))
    rows = [row for one in plain(prepared().holdout_frame.head(3), FEATURES) for row in trouble(one)]
    together = model.predict(rows)
    assert together == [model.predict([row])[0] for row in rows]


def test_where_scikit_learn_is_at_hand_the_exact_compiled_form_still_serves() -> None:
    _, version = trained("auto", candidate("logistic_regression"))
    assert version.runtime is not None
    assert version.runtime.name == "compiled"


def test_a_definition_may_insist_on_scikit_learn() -> None:
    workshop, version = trained("sklearn", candidate("logistic_regression"))
    assert version.runtime is not None
    assert version.runtime.name == "sklearn"
    assert version.runtime.worst_difference < 1e-12, "a batch and its rows differ in the last bit"
    served = unpack_bundle(workshop.artifacts.get(version.files[BUNDLE]))
    assert served.runtime == "sklearn"
    assert served.model == workshop.artifacts.get(version.files["estimator.joblib"]), (
        "the very bytes that were fitted"
    )


def test_a_candidate_that_scikit_learn_would_have_to_serve_is_refused_before_anything_is_trained() -> None:
    with pytest.raises(ValueError, match=r"set serving\.runtime to auto, or remove the candidate"):
        definition(training={"candidates": (candidate("nearest_neighbors"),)})


def test_a_compiled_form_that_is_not_exact_does_not_serve() -> None:
    """Golden rows of another fit: what a fault of the compiler would look like."""
    data, model, chosen = prepared(), definition(), candidate("logistic_regression")
    signature = Signature.of(model)
    pipeline, other = (
        fit(model, candidate("logistic_regression", C=c), data.training_frame, data.training_target)
        for c in (1.0, 0.5)
    )
    told: dict[str, Any] = {
        "candidate": chosen,
        "fitted": dump_estimator(other),
        "pipeline": pipeline,
        "signature": signature,
        "golden": golden_rows(other, signature, data.holdout_frame),
    }
    with pytest.raises(NotCompilableError, match=r"golden row 0: .* set serving\.runtime to auto"):
        choose_runtime("compiled", **told)
    served = choose_runtime("auto", **told)
    assert served.runtime.name == "sklearn"
    assert served.runtime.reason.startswith("the compiled form is not exact: golden row 0: expected")


def test_a_pipeline_that_cannot_be_loaded_is_corrupt() -> None:
    workshop, version = trained("sklearn", candidate("logistic_regression"))
    bundle = unpack_bundle(workshop.artifacts.get(version.files[BUNDLE]))
    with pytest.raises(ArtifactCorruptError, match="cannot be loaded"):
        LoadedBundle(replace(bundle, model=bundle.model[:100]))


def test_hyperparameters_of_members_are_checked_too() -> None:
    from lambdaloop.domain.candidate import Member

    members = (Member(estimator="decision_tree", parameters={"depth": 3}), Member(estimator="naive_bayes"))
    chosen = Candidate(name="vote", estimator="voting", members=members)
    with pytest.raises(DefinitionInvalidError, match="'depth' is no parameter of DecisionTreeClassifier"):
        fit(definition(), chosen, prepared().training_frame, prepared().training_target)
