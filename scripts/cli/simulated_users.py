"""Subscribers whose behaviour is known, because it is drawn from a formula: the users of the experiment demo.

Since the discount was raised, those who have it stay and the others leave, where before it made no difference. A model that
learned before that knows nothing of it; one that learned since does. By how much that is better can be told exactly, so the
demo can say whether its experiment found the truth.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TARGET = "renews"
ENTITY = "user"
CLASSES = ("no", "yes")
_PLANS = {"basic": -0.6, "plus": 0.2, "pro": 0.8}
_DISCOUNT_BEFORE, _DISCOUNT_SINCE = 0.0, 0.9


@dataclass(frozen=True, slots=True)
class User:
    """One subscriber."""

    row: dict[str, Any]
    """Entity and features."""
    renews: str


def users(*, since_discount: bool, seed: int, first: int = 0) -> Iterator[User]:
    """Subscribers without end, numbered from `first` on."""
    chance = random.Random(seed)  # noqa: S311  (simulates, keeps no secret)
    effect = _DISCOUNT_SINCE if since_discount else _DISCOUNT_BEFORE
    number = first
    while True:
        months, visits = chance.randint(1, 60), chance.randint(0, 30)
        plan, discount = chance.choice(list(_PLANS)), chance.random() < 0.5
        logit = 0.03 * (months - 30) + 0.12 * (visits - 15) + _PLANS[plan] + (effect if discount else -effect)
        renews = chance.random() < 1 / (1 + math.exp(-1.5 * logit))
        yield User(
            row={
                ENTITY: f"user-{number}",
                "months": months,
                "visits": visits,
                "plan": plan,
                "discount": discount,
            },
            renews=CLASSES[renews],
        )
        number += 1
