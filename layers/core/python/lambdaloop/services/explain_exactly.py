"""Explains a row by what the model itself knows of its features' shares."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambdaloop.domain.attribution import mean
from lambdaloop.domain.explained_scale import Scale, on_scale
from lambdaloop.domain.explanation import Explanation
from lambdaloop.domain.prediction import Output

if TYPE_CHECKING:
    from lambdaloop.ports import ServedModel

Row = Mapping[str, Any]

TOLERANCE = 1e-6
"""What a probability may differ between runtimes, too."""


def explain_exactly(
    row: Row,
    prediction: Output,
    *,
    model: "ServedModel",
    background: Sequence[Row],
    label: str | None,
    scale: Scale | None,
) -> Explanation | None:
    """On the scale that is asked for, or else the first that the model knows shares on; None where it knows none.

    Margins end where a probability is written as 0 or 1; there shares no longer add up to them and are not taken.
    """
    usual: tuple[Scale, ...] = ("value",) if label is None else ("margin", "probability")
    for one in (scale,) if scale else usual:
        shares = model.exact_shares(row, background, label=label, scale=one)
        if shares is None:
            continue
        base = mean([on_scale(output, label, one) for output in model.predict(background)])
        output = on_scale(prediction, label, one)
        contributions = {name: mean([of_one[name] for of_one in shares]) for name in shares[0]}
        rest = output - math.fsum((base, *contributions.values()))
        if abs(rest) <= TOLERANCE * max(1.0, abs(output)):
            return Explanation(
                prediction=prediction,
                label=label,
                scale=one,
                method="exact",
                base=base,
                output=output,
                contributions=contributions,
                errors=None,
            )
    return None
