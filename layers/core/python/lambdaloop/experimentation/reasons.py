"""Why a look came to its verdict: one sentence with the numbers that decided."""

from collections.abc import Mapping, Sequence

from lambdaloop.domain.experiment import ArmFigures, Contrast, ExperimentRules, Outcome

_MEASURED: Mapping[Outcome, str] = {
    "correct": "share of correct predictions",
    "squared_error": "mean squared error",
    "reward": "mean reward",
}


def mismatch(sums: Mapping[str, ArmFigures], expected: Mapping[str, float], p: float) -> str:
    """Units are not distributed as the shares say."""
    units = sum(figures.units for figures in sums.values())
    name = max(expected, key=lambda arm: abs(sums[arm].units - expected[arm]))
    failed = [f"{arm} failed {shown.failures:,} requests" for arm, shown in sums.items() if shown.failures]
    unseen = f"; units are known by their answers, and {', '.join(failed)}" if failed else ""
    return (
        f"sample ratio mismatch: {name} has {sums[name].units:,} of {units:,} units where {expected[name]:,.0f} were due, "
        f"which chance does not explain (p = {p:.2g}): no outcome of this experiment can be trusted{unseen}"
    )


def lost(sums: Mapping[str, ArmFigures], control: str) -> str:
    """Outcomes are known of a larger part of one arm's units than of another's."""
    parts = {name: shown.measured / shown.units for name, shown in sums.items() if shown.units}
    name = max((arm for arm in parts if arm != control), key=lambda arm: abs(parts[arm] - parts[control]))
    return (
        f"outcomes are known of {parts[name]:.1%} of the units of {name} and of {parts[control]:.1%} of those of {control}, which "
        "chance does not explain: wait for labels that are late, look for those that are lost, and post a reward of 0 where nothing came"
    )


def planned(arms: Sequence[str], sums: Mapping[str, ArmFigures], rules: ExperimentRules) -> str:
    """A fixed design is not judged yet."""
    least = min(arms, key=lambda arm: sums[arm].measured)
    return f"{least} has {sums[least].measured:,} of the {rules.units_per_arm or 0:,} units with an outcome at which every arm is judged, once"


def failing(name: str, shown: ArmFigures, control: ArmFigures, rules: ExperimentRules) -> str:
    """An arm fails more often than it may."""
    beside = f"{control.failures:,} of {control.requests:,} in the control"
    return (
        f"{name} failed {shown.failures:,} of {shown.requests:,} requests ({_percent(shown.failures / shown.requests)}; {beside}), "
        f"beyond doubt more than the {_percent(rules.max_error_rate)} that may fail"
    )


def harmful(contrast: Contrast, harm: float, rules: ExperimentRules) -> str:
    """An arm is worse than may be borne."""
    return f"{_difference(contrast, rules)}: beyond doubt worse than the control by more than {harm:g}"


def better(contrast: Contrast, rules: ExperimentRules) -> str:
    """An arm wins."""
    return f"{_difference(contrast, rules)}: better than the control beyond doubt"


def equal(contrasts: Sequence[Contrast], rules: ExperimentRules) -> str:
    """No arm differs enough to matter."""
    ends = [abs(end) for each in contrasts for end in (each.low, each.high) if end is not None]
    arms = " and ".join(each.arm for each in contrasts)
    return (
        f"the {_MEASURED[rules.outcome]} of {arms} differs from the control's by {_number(max(ends))} at most, "
        f"less than the {rules.smallest_effect:g} that would matter"
    )


def undecided(
    contrasts: Sequence[Contrast], sums: Mapping[str, ArmFigures], control: str, rules: ExperimentRules
) -> str:
    """Nothing can be said yet."""
    for name in (control, *(each.arm for each in contrasts)):
        if sums[name].measured < rules.min_units:
            return f"{name} has {sums[name].measured:,} of the {rules.min_units:,} units with an outcome that are needed"
    unknown = [each.arm for each in contrasts if each.low is None]
    if unknown:
        return f"every unit of {control} and of {unknown[0]} has the same outcome: nothing can be said about others yet"
    widest = max(contrasts, key=lambda each: (each.high or 0.0) - (each.low or 0.0))
    return f"{_difference(widest, rules)}: neither better than the control beyond doubt nor within ±{rules.smallest_effect:g} of it"


def _difference(contrast: Contrast, rules: ExperimentRules) -> str:
    # Differences of an arm that was measured enough: its ends are known.
    value, low, high = (_number(each or 0.0) for each in (contrast.difference, contrast.low, contrast.high))
    p = "" if contrast.p_value is None else f"; p = {contrast.p_value:.2g}"
    return f"the {_MEASURED[rules.outcome]} of {contrast.arm} differs from the control's by {value} (between {low} and {high}{p})"


def _number(value: float) -> str:
    return f"{value:+.4g}"


def _percent(value: float) -> str:
    return f"{value:.2%}"
