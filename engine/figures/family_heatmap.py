"""Families or model types against ways to run them: where which way of running pays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from engine.domain.measurement import Better, Metric
from engine.figures.axes import text_width
from engine.figures.heat_cells import Cell, CellKind, by_place, ordered
from engine.figures.template import figure
from engine.figures.tokens import (
    DIVERGING,
    DIVERGING_LIMIT,
    SEQUENTIAL,
    Theme,
    blended,
    color,
    ink_on,
)
from engine.formatting import counted
from engine.stats.comparison import MARGIN

ROW_PIXELS = 24
_TALLEST_ROW = 44
_HEAD_PIXELS = 34
_OPTIONS_PIXELS = 14
"""A third line above the columns where ways differ in more than backend and precision."""
_LABEL_SIZE = 11
_GAP = 2
_HATCH_PIXELS = 9.0
_HATCHED = (CellKind.UNDECIDED, CellKind.MISSING)


def family_heatmap(
    cells: Sequence[Cell],
    *,
    metric: Metric,
    theme: Theme,
    narrow: bool = False,
    selected: tuple[str, str] | None = None,
    width: int = 560,
    height: int = 0,
) -> go.Figure:
    """One cell per row and column. Ratios: diverging on log2, blue is better. Amounts: sequential on log.

    Undecided and missing cells carry no colour but a hatch. `width` is the expected width in pixels: it sets how
    dense the hatch is, and whether the columns' labels are turned. Few rows grow taller to fill `height` pixels, up
    to a limit.
    """
    rows, columns = ordered([cell.row for cell in cells]), ordered([cell.column for cell in cells])
    placed = by_place(cells)
    fills = _fills(cells, metric, theme)
    left = round(min(max(text_width(row) for row in rows) + 12, 110 if narrow else 180))
    labels = _column_labels(columns, (width - left - 2) / len(columns))
    head = labels.pixels
    row_pixels = min(max((height - head - 4) / len(rows), ROW_PIXELS), _TALLEST_ROW)
    chart = figure(theme, round(len(rows) * row_pixels) + head + 4, margin={"l": left, "r": 2, "t": head, "b": 4})
    _draw_fills(chart, rows, columns, placed, fills)
    _draw_hatches(chart, rows, columns, placed, theme, ((width - left - 2) / len(columns), row_pixels))
    _label_cells(chart, rows, columns, placed, fills, theme, narrow)
    _label_axes(chart, rows, labels, theme)
    if selected is not None and selected in placed:
        _outline(chart, rows.index(selected[0]), columns.index(selected[1]), theme)
    return chart


def family_heatmap_title(
    cells: Sequence[Cell], *, metric: Metric, noun: str = "family", obtained: str = "measured"
) -> str:
    """What the colours add up to. `noun` is what a row is, `obtained` how the figures came here."""
    ratios = [cell for cell in cells if cell.kind in (CellKind.DECIDED, CellKind.UNDECIDED) and cell.value]
    if not ratios:
        return _amounts_title(cells, metric, noun, obtained)
    decided = [cell for cell in ratios if cell.kind is CellKind.DECIDED]
    if not decided:
        return f"No cell of {len(ratios)} is decided yet" if len(ratios) > 1 else f"{ratios[0].row} is undecided"
    better = sum(1 for cell in decided if (cell.value or 0) > 1 + MARGIN)
    best = max(decided, key=lambda cell: cell.value or 0)
    if better == 0:
        return f"Nothing beats the baseline in {counted(len(decided), 'decided cell')} of {len(ratios)}"
    worse = sum(1 for cell in decided if (cell.value or 0) < 1 / (1 + MARGIN))
    if better < worse:
        return f"{worse} of {counted(len(ratios), 'cell')} are worse than the baseline; {best.row} gains most"
    return f"{best.column} pays most for {best.row}; {better} of {counted(len(ratios), 'cell')} better"


def _amounts_title(cells: Sequence[Cell], metric: Metric, noun: str, obtained: str) -> str:
    amounts = [cell for cell in cells if cell.kind in (CellKind.AMOUNT, CellKind.BASELINE) and cell.value is not None]
    columns = ordered([cell.column for cell in amounts])
    wins: dict[str, int] = dict.fromkeys(columns, 0)
    contested = 0
    for row in ordered([cell.row for cell in amounts]):
        rivals = _alike([cell for cell in amounts if cell.row == row])
        if len(rivals) > 1:
            contested += 1
            pick = max if metric.better is Better.HIGHER else min
            wins[pick(rivals, key=lambda cell: cell.value or 0.0).column] += 1
    if not contested:
        rows = len({cell.row for cell in amounts})
        one_each = ", one way each" if len(amounts) == rows else "; no two ways have the same model types"
        return f"{counted(rows, noun, _plural(noun))} {obtained}{one_each}"
    winner = max(wins, key=lambda column: wins[column])
    word = "lowest memory" if metric.unit == "B" else f"fastest {obtained}"
    return f"{winner} is {word} in {wins[winner]} of {counted(contested, noun, _plural(noun))}"


def _alike(cells: Sequence[Cell]) -> list[Cell]:
    """The largest group with the same model types behind it; a mean over others answers another question."""
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.models, []).append(cell)
    return max(groups.values(), key=len, default=[])


def _plural(noun: str) -> str:
    return "families" if noun == "family" else f"{noun}s"


def _fills(cells: Sequence[Cell], metric: Metric, theme: Theme) -> Mapping[tuple[str, str], str]:
    """The colour of each cell that has one."""
    amounts = [math.log(cell.value) for cell in cells if cell.kind is CellKind.AMOUNT and cell.value]
    low, span = (min(amounts), max(amounts) - min(amounts)) if amounts else (0.0, 0.0)
    fills = {}
    for cell in cells:
        if not cell.value:
            continue
        if cell.kind is CellKind.DECIDED:
            fills[cell.row, cell.column] = blended(
                DIVERGING[theme], 0.5 + math.log2(cell.value) / (2 * DIVERGING_LIMIT)
            )
        elif cell.kind is CellKind.AMOUNT:
            share = (math.log(cell.value) - low) / span if span else 0.5
            fills[cell.row, cell.column] = blended(SEQUENTIAL[theme], share)
        elif cell.kind is CellKind.BASELINE:
            fills[cell.row, cell.column] = color("same-soft", theme)
    return fills


def _draw_fills(
    chart: go.Figure,
    rows: Sequence[str],
    columns: Sequence[str],
    placed: Mapping[tuple[str, str], Cell],
    fills: Mapping[tuple[str, str], str],
) -> None:
    """Each colour is a step of its own scale, so that the picture is exactly the tokens."""
    shades = ordered(list(fills.values()))
    last = max(len(shades) - 1, 1)
    index = {shade: position for position, shade in enumerate(shades)}
    shown = [[index.get(fills.get((row, column), "")) for column in columns] for row in rows]
    chart.add_heatmap(
        z=shown,
        x=list(range(len(columns))),
        y=list(range(len(rows))),
        zmin=0,
        zmax=last,
        colorscale=[[position / last, shade] for position, shade in enumerate(shades)]
        if len(shades) > 1
        else [[0, (shades or ["#000000"])[0]], [1, (shades or ["#000000"])[0]]],
        showscale=False,
        xgap=_GAP,
        ygap=_GAP,
        hoverinfo="skip",
        name="cells",
    )
    every = [(row, column) for row in rows for column in columns]
    chart.add_scatter(
        mode="markers",
        x=[columns.index(column) for _, column in every],
        y=[rows.index(row) for row, _ in every],
        marker={"size": 22, "symbol": "square", "color": "rgba(0,0,0,0)"},
        customdata=[list(place) for place in every],
        hovertext=[placed[place].hover if place in placed else "" for place in every],
        hovertemplate="%{hovertext}<extra></extra>",
        name="targets",
    )


def _draw_hatches(
    chart: go.Figure,
    rows: Sequence[str],
    columns: Sequence[str],
    placed: Mapping[tuple[str, str], Cell],
    theme: Theme,
    cell_pixels: tuple[float, float],
) -> None:
    """Diagonals as one line trace, faint where there is no data at all."""
    for kind, ink in ((CellKind.UNDECIDED, "line-strong"), (CellKind.MISSING, "line")):
        across: list[float | None] = []
        down: list[float | None] = []
        for at_row, row in enumerate(rows):
            for at_column, column in enumerate(columns):
                cell = placed.get((row, column))
                if (cell.kind if cell is not None else CellKind.MISSING) is kind:
                    for start, end in _diagonals(at_column, at_row, cell_pixels):
                        across += [start[0], end[0], None]
                        down += [start[1], end[1], None]
        if across:
            chart.add_scatter(
                mode="lines",
                x=across,
                y=down,
                line={"color": color(ink, theme), "width": 1},
                hoverinfo="skip",
                name=f"{kind} hatch",
            )


def _diagonals(
    column: int, row: int, cell_pixels: tuple[float, float]
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Segments at 45 degrees inside one cell, in axis units."""
    wide, tall = max(cell_pixels[0] - _GAP, 1.0), cell_pixels[1] - _GAP
    segments = []
    offset = -tall + _HATCH_PIXELS
    while offset < wide:
        start, end = max(offset, 0.0), min(offset + tall, wide)
        points = [
            (column - 0.5 + (x + _GAP / 2) / cell_pixels[0], row + 0.5 - (x - offset + _GAP / 2) / cell_pixels[1])
            for x in (start, end)
        ]
        segments.append((points[0], points[1]))
        offset += _HATCH_PIXELS
    return segments


def _label_cells(
    chart: go.Figure,
    rows: Sequence[str],
    columns: Sequence[str],
    placed: Mapping[tuple[str, str], Cell],
    fills: Mapping[tuple[str, str], str],
    theme: Theme,
    narrow: bool,
) -> None:
    labels = []  # set at once: adding one by one copies those before it each time
    for (row, column), cell in placed.items():
        if not cell.text:
            continue
        ink = color("text-2", theme)
        if (row, column) in fills:
            ink = ink_on(fills[row, column])
        elif cell.kind is CellKind.FAILED:
            ink = color("failed", theme)
        labels.append(
            {
                "x": columns.index(column),
                "y": rows.index(row),
                "text": cell.text,
                "showarrow": False,
                "font": {"size": 11 if narrow else 12, "color": ink},
                "bgcolor": color("surface", theme) if cell.kind in _HATCHED else None,
                "borderpad": 1,
            }
        )
    chart.update_layout(annotations=labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labels:
    """What stands above the columns, and how high."""

    texts: tuple[str, ...]
    angle: int
    pixels: int


def _column_labels(columns: Sequence[str], column_pixels: float) -> _Labels:
    """Backend, precision and options below each other; turned, in one line, where a column is too narrow for that."""
    parts = [column.split(" ", 2) for column in columns]
    if common_options(columns):
        parts = [part[:2] for part in parts]  # the subtitle tells what all have in common
    widest = max(text_width(word, _LABEL_SIZE) for part in parts for word in part)
    if widest <= column_pixels:
        pixels = _HEAD_PIXELS + _OPTIONS_PIXELS * any(len(part) > 2 for part in parts)
        return _Labels(texts=tuple("<br>".join(part) for part in parts), angle=0, pixels=pixels)
    texts = tuple(" ".join(part) for part in parts)
    return _Labels(texts=texts, angle=-90, pixels=round(max(text_width(text, _LABEL_SIZE) for text in texts)) + 8)


def common_options(columns: Sequence[str]) -> str:
    """What follows backend and precision in every one of them, where that is the same; else nothing."""
    options = {" ".join(column.split(" ")[2:]) for column in columns}
    return options.pop() if len(options) == 1 else ""


def _label_axes(chart: go.Figure, rows: Sequence[str], labels: _Labels, theme: Theme) -> None:
    chart.update_xaxes(
        range=[-0.5, len(labels.texts) - 0.5],
        tickvals=list(range(len(labels.texts))),
        ticktext=list(labels.texts),
        tickangle=labels.angle,
        tickfont={"size": _LABEL_SIZE, "color": color("text-2", theme)},
        side="top",
        showgrid=False,
    )
    chart.update_yaxes(
        range=[len(rows) - 0.5, -0.5],
        tickvals=list(range(len(rows))),
        ticktext=list(rows),
        tickfont={"size": 12, "color": color("text", theme)},
        ticklabelstandoff=6,
        showgrid=False,
    )


def _outline(chart: go.Figure, row: int, column: int, theme: Theme) -> None:
    chart.add_shape(
        type="rect",
        x0=column - 0.5,
        x1=column + 0.5,
        y0=row - 0.5,
        y1=row + 0.5,
        line={"color": color("text", theme), "width": 2},
    )
