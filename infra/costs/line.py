"""One line of an estimate: so many units of something at its price."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from infra.costs.prices import Price


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is paid for, how much of it a month, and whether it is paid while nobody uses the model, too."""

    what: str
    price: Price
    units: float
    idle: bool = False
    per_request: bool = False
    """Whether it grows with the requests: what one more prediction costs."""

    @property
    def usd(self) -> float:
        """A month, before anything is free."""
        return self.units * self.price.usd


def free_usd(lines: Iterable[Line]) -> Mapping[str, float]:
    """What the free units of an account take off, by service: at most what the lines with that price come to."""
    units: dict[Price, float] = {}
    for line in lines:
        units[line.price] = units.get(line.price, 0.0) + line.units
    off: dict[str, float] = {}
    for price, used in units.items():
        off[price.service] = off.get(price.service, 0.0) + min(used, price.free) * price.usd
    return {service: usd for service, usd in off.items() if usd}
