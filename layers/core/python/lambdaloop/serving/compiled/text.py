"""Weighs the terms of a text as scikit-learn's TfidfVectorizer does."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from lambdaloop.domain.compiled import Part
from lambdaloop.serving.compiled.links import Matrix

_WORD = re.compile(r"(?u)\b\w\w+\b")


class Terms:
    """Counts of known terms times their weights, each row then made 1 long."""

    def __init__(self, part: Part) -> None:
        self._place = {term: place for place, term in enumerate(part.values["terms"])}
        self._longest: int = part.values["longest"]
        self._damped: bool = part.values["damped"]
        self._weights = part.arrays["weights"]

    def __call__(self, texts: Sequence[str]) -> Matrix:
        result = np.zeros((len(texts), len(self._weights)))
        for row, text in enumerate(texts):
            counts = Counter(
                place for term in self._terms(text) if (place := self._place.get(term)) is not None
            )
            if not counts:
                continue
            places = np.fromiter(counts, dtype=np.intp, count=len(counts))
            times = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
            weighed = ((np.log(times) + 1.0) if self._damped else times) * self._weights.take(places)
            result[row, places] = weighed / np.sqrt((weighed * weighed).sum())
        return result

    def _terms(self, text: str) -> list[str]:
        """Words of two or more letters, and sequences of them."""
        words = _WORD.findall(text.lower())
        return [
            " ".join(words[start : start + length])
            for length in range(1, self._longest + 1)
            for start in range(len(words) - length + 1)
        ]
