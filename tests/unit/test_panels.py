"""What dashboards show of a model with features, and of many models."""

from infra.metrics import ModelNames
from infra.panels import MOST_FEATURES, model_panels, platform_panels

NAMES = ModelNames(
    model="churn",
    inference_function="f",
    training_workflow="t",
    release_workflow="r",
    watch_workflow="w",
    capture_stream="s",
)


def test_features_have_a_panel_of_their_own_that_stays_readable() -> None:
    panels = {each.title: each for each in model_panels(NAMES, features=["age", "größe: m²"])}
    features = panels["Drift of each feature, in thresholds"]
    assert [each.dimensions["Feature"] for each in features.metrics] == ["age", "gr%C3%B6%C3%9Fe%3A m%C2%B2"]
    assert [each.label for each in features.metrics] == ["age", "größe: m²"]
    assert [each.value for each in features.limits] == [1]
    many = model_panels(NAMES, features=[f"f{number}" for number in range(200)])
    assert max(len(each.metrics) for each in many) == MOST_FEATURES


def test_without_captured_features_there_is_no_empty_panel() -> None:
    assert all(panel.metrics for panel in model_panels(NAMES))


def test_models_stand_side_by_side() -> None:
    panels = platform_panels(["churn", "price"], queues=[("q", "lost")])
    assert [each.label for each in panels[0].metrics] == ["churn", "price"]
    assert panels[-1].metrics[0].dimensions == {"QueueName": "q"}
