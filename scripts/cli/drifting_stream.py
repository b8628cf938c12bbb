"""The built-in stream of the demo: orders of a shop and whether they come back, in a world that changes.

Nobody's data, but with a known truth: which day what changes, and how. Each order has

* `price`, `discount`, `delivery_days` and `items`: numbers,
* `channel` (web, app, store) and `category` (shoes, dresses, shirts, bags): categories,
* `returned` (yes or no): the target, drawn from a logistic model of the features, its *concept*.

The first orders are the training data: a calm world, concept A. Then, on days counted from the end of training,

| change | kind | what drifts | from day | to day |
|---|---|---|---:|---:|
| `app campaign` | sudden | features: customers order by app, and with larger discounts | 11 | |
| `free returns` | sudden | concept A becomes B: price and channel count the other way round | 20 | |
| `new supplier` | gradual | concept B becomes C: an order belongs to C with a chance that grows to 1 | 40 | 58 |
| `winter` | seasonal | features: delivery times and prices swing with a period of 28 days | 65 | |

The label of an order is known `label_delay_days` after it, of every tenth order one to three days later.
The same seed gives the same stream, and a shorter stream is the beginning of a longer one.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

TARGET = "returned"
CHANNELS = ("web", "app", "store")
CATEGORIES = ("shoes", "dresses", "shirts", "bags")
SEASON_DAYS = 28
LATE_SHARE = 0.1
MOST_DAYS_LATE = 3

Kind = Literal["sudden", "gradual", "seasonal"]
Effect = Literal["campaign", "concept_b", "concept_c", "winter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that happens to the world, on days counted from the end of training."""

    name: str
    kind: Kind
    effect: Effect
    start: int
    end: int | None = None
    """When a gradual change is complete."""

    def strength(self, day: int) -> float:
        """How much of it is there, 0 to 1; a season swings from -1 to 1."""
        if day < self.start:
            return 0.0
        if self.kind == "seasonal":
            return math.sin(2 * math.pi * (day - self.start) / SEASON_DAYS)
        if self.kind == "sudden" or self.end is None:
            return 1.0
        return min(1.0, (day - self.start) / (self.end - self.start))


CHANGES = (
    Change(name="app campaign", kind="sudden", effect="campaign", start=11),
    Change(name="free returns", kind="sudden", effect="concept_b", start=20),
    Change(name="new supplier", kind="gradual", effect="concept_c", start=40, end=58),
    Change(name="winter", kind="seasonal", effect="winter", start=65),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A logistic model of `returned`: what a standard unit of each number, and each value, adds to the log-odds."""

    price: float
    discount: float
    delivery_days: float
    items: float
    channel: Mapping[str, float]
    category: Mapping[str, float]

    def log_odds(self, order: Mapping[str, Any]) -> float:
        """Of an order that comes back."""
        return float(
            self.price * (order["price"] - 60) / 25
            + self.discount * (order["discount"] - 0.2) / 0.12
            + self.delivery_days * (order["delivery_days"] - 4) / 1.5
            + self.items * (order["items"] - 3) / 1.5
            + self.channel[order["channel"]]
            + self.category[order["category"]]
        )


_A = Concept(
    price=1.6,
    discount=-1.2,
    delivery_days=1.0,
    items=0.3,
    channel={"web": 0.4, "app": -0.8, "store": -1.2},
    category={"shoes": 0.9, "dresses": 0.5, "shirts": -0.6, "bags": -1.0},
)
_B = Concept(
    price=-1.5,
    discount=1.3,
    delivery_days=0.6,
    items=0.5,
    channel={"web": -0.9, "app": 0.9, "store": -0.4},
    category={"shoes": 0.4, "dresses": 0.7, "shirts": -0.3, "bags": -0.6},
)
_C = Concept(
    price=0.4,
    discount=-1.4,
    delivery_days=-1.3,
    items=-1.0,
    channel={"web": 0.6, "app": -0.3, "store": 0.2},
    category={"shoes": -1.2, "dresses": 0.2, "shirts": 1.0, "bags": 0.4},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One row of the stream."""

    day: int
    """Counted from the first day of training."""
    row: Mapping[str, Any]
    """Features and target."""
    label_day: int
    """When it is known whether it came back."""


def generate(
    *,
    training_days: int,
    days: int,
    rows_per_day: int = 48,
    label_delay_days: int = 1,
    seed: int = 0,
    changes: Sequence[Change] = CHANGES,
) -> Iterator[Order]:
    """The orders of `training_days` calm days and of `days` in which the `changes` happen, in order."""
    random = np.random.default_rng(seed)
    for day in range(training_days + days):
        strength: dict[Effect, float] = {
            change.effect: change.strength(day - training_days) for change in changes
        }
        for _ in range(rows_per_day):
            row = _features(random, strength)
            log_odds = _concept(random, strength).log_odds(row)
            row[TARGET] = "yes" if random.random() < 1 / (1 + math.exp(-log_odds)) else "no"
            late = int(random.integers(1, MOST_DAYS_LATE + 1)) if random.random() < LATE_SHARE else 0
            yield Order(day=day, row=row, label_day=day + label_delay_days + late)


def _features(random: np.random.Generator, strength: Mapping[Effect, float]) -> dict[str, Any]:
    campaign, winter = strength.get("campaign", 0.0), strength.get("winter", 0.0)
    web, app = 0.5 - 0.3 * campaign, 0.2 + 0.4 * campaign
    return {
        "price": round(max(1.0, random.normal(60 + 20 * winter, 25)), 2),
        "discount": round(float(np.clip(random.normal(0.2 + 0.1 * campaign, 0.12), 0, 0.9)), 3),
        "delivery_days": round(max(0.5, random.normal(4 + 2 * winter, 1.5)), 1),
        "items": int(1 + random.poisson(2)),
        "channel": str(random.choice(CHANNELS, p=[web, app, 1 - web - app])),
        "category": str(random.choice(CATEGORIES)),
    }


def _concept(random: np.random.Generator, strength: Mapping[Effect, float]) -> Concept:
    """Draws in every case, so that changes alter no other number of the stream."""
    chance = random.random()
    if chance < strength.get("concept_c", 0.0):
        return _C
    return _B if strength.get("concept_b", 0.0) else _A
