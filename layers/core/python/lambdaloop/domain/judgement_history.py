"""What a release's record keeps of its judgements: a record may not grow without end, and a long release is judged often.

The audit trail has every judgement whole.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from lambdaloop.domain.documents import to_document
from lambdaloop.domain.release import Judgement

MAX_BYTES = 200_000
"""Of all judgements together, as JSON; DynamoDB's items have 400 KB, which hold the rest of the record, too."""
_MAX_REASONS = 20
_MAX_CHARACTERS = 500


def with_judgement(judgements: Sequence[Judgement], judgement: Judgement) -> tuple[Judgement, ...]:
    """One more at the end. When all are too long, the oldest lose their numbers, then the oldest holds go, then the oldest."""
    kept = list(judgements)
    sizes = [_size(one) for one in kept]
    room = MAX_BYTES - _size(judgement)
    while kept and sum(sizes) > room:
        place = _first(kept, lambda one: bool(one.numbers))
        if place is not None:
            kept[place] = replace(kept[place], numbers={})
            sizes[place] = _size(kept[place])
            continue
        gone = _first(kept, lambda one: one.verdict == "hold") or 0
        del kept[gone], sizes[gone]
    return (*kept, judgement)


def _size(judgement: Judgement) -> int:
    return len(json.dumps(to_document(judgement)))


def _first(judgements: Sequence[Judgement], wanted: Callable[[Judgement], bool]) -> int | None:
    return next((place for place, one in enumerate(judgements) if wanted(one)), None)


def bounded_reasons(reasons: Iterable[str]) -> tuple[str, ...]:
    """As many, and as much of each, as a person may want to read.

    >>> len(bounded_reasons(f"alarm {number} is in ALARM" for number in range(100)))
    20
    """
    all_of_them = tuple(reasons)
    kept = [reason[:_MAX_CHARACTERS] for reason in all_of_them[:_MAX_REASONS]]
    if len(all_of_them) > _MAX_REASONS:
        kept[-1] = f"and {len(all_of_them) - _MAX_REASONS + 1} more reasons"
    return tuple(kept)
