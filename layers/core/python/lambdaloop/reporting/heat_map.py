"""A table of colours: how far each feature went, window by window, or which class was taken for which."""

from collections.abc import Sequence
from dataclasses import dataclass

from lambdaloop.reporting.markup import Markup, tag
from lambdaloop.reporting.plot import fitted, svg


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One colour."""

    heat: float | None
    """0 to 1; None where nothing is known."""
    about: str
    text: str = ""
    """What stands in it."""
    alarming: bool = False
    """Whether it is in the colour of trouble, rather than in that of an amount."""


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[Cell]],
    *,
    about: str,
    width: int,
    row_height: int = 24,
    top_label: str = "",
) -> Markup:
    """`cells` by row, then by column. Columns are named as far as there is room; so are cells."""
    left = min(max((len(name) for name in rows), default=0) * 6.9 + 14, width * 0.36)
    wide = (width - left - 8) / max(len(columns), 1)
    bottom = 26 + row_height * len(rows)
    marks: list[Markup] = []
    if top_label:
        marks.append(tag("text", top_label, x=left, y=13, class_="name"))
    for place, (name, line) in enumerate(zip(rows, cells, strict=True)):
        y = 22 + place * row_height
        marks.append(
            tag(
                "text",
                fitted(name, left - 14),
                tag("title", name),
                x=left - 8,
                y=y + row_height / 2 + 4,
                text_anchor="end",
                class_="label",
            )
        )
        for at, cell in enumerate(line):
            marks.append(_cell(cell, left + at * wide, y, wide, row_height))
    marks += _names(columns, left, wide, bottom + 12)
    return svg(about, width, bottom + 22, marks)


def _cell(cell: Cell, x: float, y: float, wide: float, high: int) -> Markup:
    gap = 1.5 if wide > 6 else 0.4
    kind = "unknown" if cell.heat is None else ("alarming" if cell.alarming else "amount")
    fill = tag(
        "rect",
        tag("title", cell.about),
        x=x,
        y=y,
        width=max(wide - gap, 0.5),
        height=high - 1.5,
        class_=f"cell {kind}",
        fill_opacity=None if cell.heat is None else 0.06 + 0.94 * min(max(cell.heat, 0.0), 1.0),
    )
    if not cell.text or len(cell.text) * 6.6 > wide:
        return fill
    strong = cell.heat is not None and cell.heat > 0.55
    return tag(
        "g",
        fill,
        tag(
            "text",
            cell.text,
            x=x + wide / 2,
            y=y + high / 2 + 4,
            text_anchor="middle",
            class_="tick on" if strong else "tick",
        ),
    )


def _names(columns: Sequence[str], left: float, wide: float, y: float) -> list[Markup]:
    longest = max((len(name) for name in columns), default=1) * 6.6 + 10
    every = max(1, int(-(-longest // wide))) if wide > 0 else 1
    return [
        tag("text", name, x=left + (place + 0.5) * wide, y=y, text_anchor="middle", class_="tick")
        for place, name in enumerate(columns)
        if place % every == 0 and left + (place + 0.5) * wide + longest / 2 < left + len(columns) * wide + 18
    ]
