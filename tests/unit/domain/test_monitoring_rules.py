"""What a definition may not ask of the watch."""

import pytest

from lambdaloop.domain.monitoring_rules import FeatureRule, Monitoring


def test_more_alarms_of_features_than_the_watch_tells_metrics_of_are_refused() -> None:
    """The rest would have no value for ever, and an alarm that never rings."""

    def guarded(count: int) -> Monitoring:
        rules = {f"n{place}": FeatureRule(alarm=True) for place in range(count)}
        return Monitoring(features={**rules, "calm": FeatureRule()})

    guarded(100)
    with pytest.raises(ValueError, match="at most 100 features can have an alarm, got 101: drop some"):
        guarded(101)


def test_a_number_without_an_upper_limit_says_so_when_it_is_too_small() -> None:
    with pytest.raises(ValueError, match=r"^max_performance_drop must be 0 or more, got -1$"):
        Monitoring(max_performance_drop=-1)


def test_labels_are_not_waited_for_longer_than_their_predictions_are_kept() -> None:
    with pytest.raises(ValueError, match="label_days must be 1 to 399, got 400"):
        Monitoring(label_days=400)
