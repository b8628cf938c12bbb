"""Explains rows: how much each feature moved the output away from what ordinary rows get."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress, islice
from random import Random
from typing import TYPE_CHECKING

from lambdaloop.domain.attribution import (
    Mix,
    Outputs,
    all_mixes,
    draw_pairs,
    exact_shares,
    is_additive,
    mean,
    pair_means,
    standard_error,
)
from lambdaloop.domain.encoding import RowProblem, RowsInvalidError, is_expected
from lambdaloop.domain.explained_scale import Scale, on_scale
from lambdaloop.domain.explanation import Explanation
from lambdaloop.domain.golden import GoldenRows
from lambdaloop.domain.prediction import Output
from lambdaloop.domain.signature import Signature
from lambdaloop.services.explain_exactly import TOLERANCE, Row, explain_exactly

if TYPE_CHECKING:
    from lambdaloop.ports import ServedModel

EVALUATIONS = 10_000
"""Rows that a model is asked for one request: about half a second for a forest of 100 trees."""
BACKGROUND_ROWS = 20
MAX_ROWS = 100
_AT_ONCE = 1000
"""Rows in memory: ten thousand rows of hundreds of features are hundreds of megabytes."""
_SEED = 20


def background_of(golden: GoldenRows, signature: Signature) -> tuple[Row, ...]:
    """The first ordinary golden rows: what explained rows are held against.

    Golden rows begin with rows of the holdout as they are, and go on with such that were made extreme.
    """
    known = signature.features
    ordinary = [
        row
        for row in golden.rows
        if all(value is None or is_expected(known[name], value) for name, value in row.items())
    ]
    return tuple((ordinary or golden.rows)[:BACKGROUND_ROWS])


def max_rows(signature: Signature) -> int:
    """How many rows can be explained at once; one always can."""
    return max(1, min(MAX_ROWS, EVALUATIONS // (_pair_size(signature) * _background_size(signature))))


def _background_size(signature: Signature) -> int:
    """How many rows a row is held against, whatever is asked with it.

    With more rows in one request and fewer in another, the difference between the two would tell what is in a single row
    of the background, which is about somebody.
    """
    return max(1, min(BACKGROUND_ROWS, EVALUATIONS // _pair_size(signature)))


def _pair_size(signature: Signature) -> int:
    """Mixes on the way of an order and back on that of its opposite."""
    return 2 * (len(signature.features) + 1)


def explain(
    rows: Sequence[Row],
    *,
    model: "ServedModel",
    background: Sequence[Row],
    label: str | None = None,
    scale: Scale | None = None,
) -> list[Explanation]:
    """One explanation per row, the same ones for the same row and number of rows.

    Trees are asked for what they know; of every other model only predictions are asked.

    `label` is left out for the second class of two, or the predicted one of more. Without a `scale`, margin is taken where
    contributions are exact on it, and probability otherwise. Raises RowsInvalidError with every problem.
    """
    predictions = model.predict(rows)
    used = background[: _background_size(model.signature)]
    problems: list[RowProblem] = []
    explanations = []
    for number, (row, prediction) in enumerate(zip(rows, predictions, strict=True)):
        explained = label or _usual_class(model.signature, prediction)
        try:
            explanations.append(
                explain_exactly(row, prediction, model=model, background=used, label=explained, scale=scale)
                or _Asked(row, model=model, background=used, budget=EVALUATIONS // len(rows)).explain(
                    prediction, label=explained, scale=scale
                )
            )
        except RowsInvalidError:
            # Each value is fine by itself, as the prediction showed, and so are those of the background.
            problem = "has numbers too great for a finite explanation"
            problems.append(RowProblem(row=number, field="", problem=problem))
    if problems:
        raise RowsInvalidError(problems)
    return explanations


def _usual_class(signature: Signature, prediction: Output) -> str | None:
    """The second of two, or the predicted one of more; None for a regression."""
    if not signature.classes:
        return None
    return str(signature.classes[1] if len(signature.classes) == 2 else prediction.value)


class _Asked:
    """What a model answers about mixes of one row with each of the background rows."""

    def __init__(self, row: Row, *, model: "ServedModel", background: Sequence[Row], budget: int) -> None:
        self._model = model
        self._names = [*model.signature.features]
        self._row = {name: row.get(name) for name in self._names}
        self._background = [{name: one.get(name) for name in self._names} for one in background]
        self._differing = [
            [place for place, name in enumerate(self._names) if self._row[name] != one[name]]
            for one in self._background
        ]
        self._are_few = sum(2 ** len(places) for places in self._differing) <= budget
        needed = sum(2 * (len(places) + 1) for places in self._differing)
        chance = Random(_SEED)  # noqa: S311  (the same row is always explained the same way)
        count = 1 if self._are_few else max(1, budget // needed)
        self._pairs = [draw_pairs(places, count, chance) for places in self._differing]

    def explain(self, prediction: Output, *, label: str | None, scale: Scale | None) -> Explanation:
        answers = self._answers(prediction)
        if scale is None:
            scale = "value" if label is None else "margin"
            if label is not None and not self._is_additive(_scaled(answers, label, "margin")):
                scale = "probability"
        outputs = _scaled(answers, label, scale)
        is_exact = self._are_few or self._is_additive(outputs)
        shares = self._shares(outputs)
        return Explanation(
            prediction=prediction,
            label=label,
            scale=scale,
            method="exact" if is_exact else "sampled",
            base=mean([of_one[0] for of_one in outputs]),
            output=on_scale(prediction, label, scale),
            contributions={name: self._mean(place, shares) for place, name in enumerate(self._names)},
            errors=None
            if is_exact
            else {name: self._error(place, shares) for place, name in enumerate(self._names)},
        )

    def _answers(self, prediction: Output) -> list[dict[Mix, Output]]:
        """One for each mix with each background row; with all features of the row, it is the prediction."""
        wanted: list[list[Mix]] = []
        for places, pairs in zip(self._differing, self._pairs, strict=True):
            mixes = all_mixes(places) if self._are_few else [m for p in pairs for w in p for m in w.mixes()]
            whole = _whole(places)
            wanted.append([mix for mix in dict.fromkeys(mixes) if mix != whole])
        outputs = self._outputs(wanted)
        return [
            {**{mix: next(outputs) for mix in mixes}, _whole(places): prediction}
            for places, mixes in zip(self._differing, wanted, strict=True)
        ]

    def _outputs(self, wanted: Sequence[Sequence[Mix]]) -> Iterator[Output]:
        rows = (
            self._mixed(one, mix)
            for one, mixes in zip(self._background, wanted, strict=True)
            for mix in mixes
        )
        while few := list(islice(rows, _AT_ONCE)):
            yield from self._model.predict(few)

    def _mixed(self, background: Row, mix: Mix) -> Row:
        own = compress(self._row.items(), map(int, reversed(f"{mix:b}")))
        return {**background, **dict(own)}

    def _is_additive(self, outputs: Sequence[Outputs]) -> bool:
        return all(
            is_additive(pairs, of_one, tolerance=TOLERANCE)
            for pairs, of_one in zip(self._pairs, outputs, strict=True)
        )

    def _shares(self, outputs: Sequence[Outputs]) -> list[list[dict[int, float]]]:
        """For each background row the shares that are averaged: a single one where all mixes are known."""
        if self._are_few:
            return [
                [exact_shares(places, of_one)]
                for places, of_one in zip(self._differing, outputs, strict=True)
            ]
        return [pair_means(pairs, of_one) for pairs, of_one in zip(self._pairs, outputs, strict=True)]

    def _mean(self, place: int, shares: Sequence[Sequence[Mapping[int, float]]]) -> float:
        """What does not differ from a background row has no share in the difference from it."""
        return mean([mean([one.get(place, 0.0) for one in of_one]) for of_one in shares])

    def _error(self, place: int, shares: Sequence[Sequence[Mapping[int, float]]]) -> float:
        """Background rows are given and orders are drawn, so only the spread between orders counts."""
        if len(shares[0]) == 1:  # one pair of orders with each: the spread between rows is in it, too
            return standard_error([of_one[0].get(place, 0.0) for of_one in shares])
        errors = [standard_error([one.get(place, 0.0) for one in of_one]) for of_one in shares]
        return math.sqrt(math.fsum(error**2 for error in errors)) / len(errors)


def _whole(places: Sequence[int]) -> Mix:
    """All of the row's own features, as far as they differ."""
    return sum(1 << place for place in places)


def _scaled(answers: Sequence[Mapping[Mix, Output]], label: str | None, scale: Scale) -> list[Outputs]:
    return [{mix: on_scale(output, label, scale) for mix, output in of_one.items()} for of_one in answers]
