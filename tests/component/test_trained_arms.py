"""Arms of an experiment that were really trained: one that predicts nonsense never gets beyond the first step."""

from tests.component.test_trained_canaries import (
    boosted,
    canary,
    fitted,
    shuffled_features,
    verdicts,
)
from tests.fakes.trained_canary import edited_csv
from tests.unit.training.sample_data import sample_csv


def test_an_arm_that_answers_fast_and_predicts_nonsense_is_rolled_back_at_its_first_step() -> None:
    world = canary("binary")
    nonsense = edited_csv(sample_csv("binary", rows=1200, seed=3), shuffled_features)
    document = world.try_arm(world.train("run-2", nonsense, fitted("binary", boosted())))
    assert "error" not in document
    assert verdicts(world) == [(0, "roll_back")]
    assert world.traffic.routing().stable == "2"
    numbers = world.judged()[0].numbers
    assert (numbers["disagreement"], numbers["replay_failures of arm new"]) == (
        0,
        0,
    )  # the control is what it was
    assert "arm new disagrees with the version before about the same" in str(world.last().outcome)


def test_an_honest_arm_of_another_kind_gets_its_traffic_without_a_hold() -> None:
    world = canary("binary")
    honest = world.train("run-2", sample_csv("binary", rows=1200, seed=3), fitted("binary", boosted()))
    assert "closed" in world.try_arm(honest)
    assert [verdict for _, verdict in verdicts(world)] == ["advance", "advance", "complete"]
    first = world.judged()[0].numbers
    assert first["replayed_rows of arm new"]
    assert first["disagreement of arm new"]
    assert first["expected_disagreement of arm new"] is not None
