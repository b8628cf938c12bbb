"""A small seeded data set with everything that real ones have: categories, blanks, booleans, large numbers, an entity key."""

import csv
import random
from math import exp
from pathlib import Path


def write_subscriptions(path: Path, *, rows: int, seed: int = 7) -> Path:
    """Write a CSV of subscriptions; whether one is renewed depends on plan, usage and price."""
    chance = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("customer", "plan", "months", "usage", "price", "autopay", "signed_up", "renewed"))
        for number in range(rows):
            plan = chance.choice(("basic", "plus", "pro"))
            months, usage = chance.randint(1, 72), round(chance.gauss(50, 15), 2)
            price = round({"basic": 9.5, "plus": 19.5, "pro": 49.5}[plan] + chance.gauss(0, 2), 2)
            autopay, signed_up = chance.random() < 0.6, 1_600_000_000 + chance.randint(0, 100_000_000)
            score = (
                0.08 * (usage - 50) + 0.05 * (months - 36) - 0.03 * (price - 25) + (0.8 if autopay else -0.8)
            )
            renewed = "yes" if chance.random() < 1 / (1 + exp(-score)) else "no"
            shown = "" if chance.random() < 0.05 else usage
            writer.writerow(
                (f"C{number:05}", plan, months, shown, price, str(autopay).lower(), signed_up, renewed)
            )
    return path
