"""How a release's judgements are told: the new version beside the version before it."""

from collections.abc import Iterator, Mapping, Sequence

from lambdaloop.domain.release import Judgement

BEFORE = "champion_"
_EXPECTED = "expected_"
_SHARE = "rate"
_OF_AN_ARM = " of arm "
Figure = tuple[str, str, str, str]


def newest_of_each_step(judgements: Sequence[Judgement]) -> tuple[Judgement, ...]:
    """The last judgement of every step, or of a stage before the first one."""
    return tuple({(one.kind, one.step): one for one in judgements}.values())


def title_of(judgement: Judgement) -> str:
    """Which judgement it is."""
    where = (
        f"step {judgement.step + 1} ({judgement.weight:.0%})" if judgement.kind == "step" else judgement.kind
    )
    return f"{where}, {judgement.at:%Y-%m-%d %H:%M:%S}: {judgement.verdict}"


def figures_of(judgement: Judgement) -> Iterator[Figure]:
    """Name, the new version's figure, that of the version before, and what training expected."""
    numbers = judgement.numbers
    for name in dict.fromkeys(_plain(each) for each in numbers):
        yield (
            name.replace("_", " "),
            shown(name, numbers, name),
            shown(name, numbers, f"{BEFORE}{name}"),
            shown(name, numbers, f"{_EXPECTED}{name}"),
        )


def shown(name: str, numbers: Mapping[str, float | None], key: str) -> str:
    """The figure as people read it; empty when it was not measured.

    >>> shown("error_rate", {"error_rate": 0.0125}, "error_rate")
    '1.2 %'
    """
    value = numbers.get(key)
    if value is None:
        return ""
    name = name.partition(_OF_AN_ARM)[0]
    if name.endswith(_SHARE):
        return f"{value * 100:.2g} %" if value < 1 else f"{value * 100:.0f} %"
    if name.endswith("_ms"):
        return f"{value:.1f} ms"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.3g}"


def _plain(name: str) -> str:
    """The figure without saying whose it is."""
    return name.removeprefix(BEFORE).removeprefix(_EXPECTED)
