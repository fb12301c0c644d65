"""The heat map: colour only where something is decided, hatches where not."""

from __future__ import annotations

import pytest

from engine.domain.measurement import Metric
from engine.figures.family_heatmap import common_options, family_heatmap, family_heatmap_title
from engine.figures.heat_cells import Cell, CellKind, geometric_mean, improvement
from engine.figures.tokens import DIVERGING, blended, contrast


def cell(row: str, column: str, kind: CellKind, value: float | None = None, text: str = "") -> Cell:
    return Cell(row=row, column=column, kind=kind, value=value, text=text, hover=f"{row} {column}")


CELLS = [
    cell("vision", "cpu bf16", CellKind.DECIDED, 2.0, "2.00"),
    cell("vision", "cpu int8", CellKind.UNDECIDED, 0.9, "? 0.90"),
    cell("audio", "cpu bf16", CellKind.FAILED, None, "× fails"),
    cell("audio", "cpu int8", CellKind.MISSING),
]


def labels_above(columns: list[str], width: int = 640) -> tuple[list[str], int]:
    cells = [cell("vision", column, CellKind.AMOUNT, 1.0, "1") for column in columns]
    axis = family_heatmap(cells, metric=Metric.LATENCY, theme="light", width=width).layout.xaxis
    return list(axis.ticktext), axis.tickangle


def test_columns_name_their_options_where_these_differ():
    assert labels_above(["cpu fp32", "cpu fp32 2 threads"]) == (["cpu<br>fp32", "cpu<br>fp32<br>2 threads"], 0)
    same = ["cpu fp32 1 thread", "cpu bf16 1 thread"]
    assert labels_above(same) == (["cpu<br>fp32", "cpu<br>bf16"], 0)
    assert common_options(same) == "1 thread"
    assert common_options(["cpu fp32", "cpu bf16"]) == common_options(["cpu fp32", "cpu bf16 1 thread"]) == ""


def test_labels_are_turned_where_columns_are_too_narrow_for_their_words():
    ways = [f"{backend} {precision}" for backend in ("cpu", "onnxruntime") for precision in ("fp32", "bf16", "int8")]
    assert labels_above(ways, width=640)[1] == 0
    texts, angle = labels_above(ways, width=330)
    assert (texts, angle) == (ways, -90)


def test_only_decided_cells_have_a_colour():
    chart = family_heatmap(CELLS, metric=Metric.LATENCY, theme="light")
    heat = next(trace for trace in chart.data if trace.type == "heatmap")
    assert [list(row) for row in heat.z] == [[0, None], [None, None]]
    assert heat.colorscale[0][1] == blended(DIVERGING["light"], 0.5 + 1 / 3.5)


def test_undecided_and_missing_cells_are_hatched_apart():
    chart = family_heatmap(CELLS, metric=Metric.LATENCY, theme="light")
    hatches = {trace.name: trace for trace in chart.data if trace.type == "scatter" and trace.mode == "lines"}
    assert set(hatches) == {"undecided hatch", "missing hatch"}
    across = [x for x in hatches["undecided hatch"].x if x is not None]
    down = [y for y in hatches["undecided hatch"].y if y is not None]
    assert min(across) >= 0.5 and max(across) <= 1.5
    assert min(down) >= -0.5 and max(down) <= 0.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_reads_on_every_filled_cell(theme):
    values = [0.2, 0.5, 0.8, 1.0, 1.3, 2.0, 4.0]
    cells = [cell("bert", f"b {at}", CellKind.DECIDED, v, f"{v}") for at, v in enumerate(values)]
    chart = family_heatmap(cells, metric=Metric.LATENCY, theme=theme)
    heat = next(trace for trace in chart.data if trace.type == "heatmap")
    shades = [shade for _, shade in heat.colorscale]
    for annotation, index in zip(chart.layout.annotations, heat.z[0], strict=True):
        assert contrast(annotation.font.color, shades[int(index)]) >= 4.5


def test_a_ratio_beyond_the_scale_takes_its_last_colour():
    chart = family_heatmap([cell("bert", "cpu x", CellKind.DECIDED, 50.0, "50")], metric=Metric.LATENCY, theme="light")
    heat = next(trace for trace in chart.data if trace.type == "heatmap")
    assert heat.colorscale[0][1] == DIVERGING["light"][-1]


def test_every_cell_can_be_clicked_and_hovered():
    chart = family_heatmap(CELLS, metric=Metric.LATENCY, theme="light")
    targets = next(trace for trace in chart.data if trace.name == "targets")
    assert [tuple(place) for place in targets.customdata] == [(c.row, c.column) for c in CELLS]
    assert list(targets.hovertext) == [c.hover for c in CELLS]


def test_the_selected_cell_is_outlined():
    chart = family_heatmap(CELLS, metric=Metric.LATENCY, theme="light", selected=("audio", "cpu bf16"))
    (outline,) = chart.layout.shapes
    assert (outline.x0, outline.y0) == (-0.5, 0.5)
    assert not family_heatmap(CELLS, metric=Metric.LATENCY, theme="light", selected=("no", "such")).layout.shapes


def amount(row: str, column: str, value: float) -> Cell:
    return cell(row, column, CellKind.AMOUNT, value, f"{value}")


@pytest.mark.parametrize(
    ("cells", "title"),
    [
        (CELLS, "cpu bf16 pays most for vision; 1 of 2 cells better"),
        (CELLS[1:2], "vision is undecided"),
        ([CELLS[1], cell("audio", "cpu int8", CellKind.UNDECIDED, 1.1)], "No cell of 2 is decided yet"),
        ([cell("vision", "cpu bf16", CellKind.DECIDED, 0.5)], "Nothing beats the baseline in 1 decided cell of 1"),
        ([amount("a", "cpu fp32", 1.0)], "1 family measured, one way each"),
        (
            [amount("a", "cpu fp32", 1.0), amount("a", "cpu bf16", 2.0)],
            "cpu fp32 is fastest measured in 1 of 1 family",
        ),
    ],
)
def test_the_title_counts_only_what_is_decided(cells, title):
    assert family_heatmap_title(cells, metric=Metric.LATENCY) == title


def test_when_more_is_worse_than_better_the_title_says_that():
    cells = [cell(f"m{at}", "cpu bf16", CellKind.DECIDED, 0.6) for at in range(3)]
    cells.append(cell("roberta", "cpu bf16", CellKind.DECIDED, 1.2))
    title = family_heatmap_title(cells, metric=Metric.LATENCY)
    assert title == "3 of 4 cells are worse than the baseline; roberta gains most"


def test_improvement_is_above_one_when_better_whatever_the_metric():
    assert improvement(0.5, Metric.LATENCY) == 2
    assert improvement(0.5, Metric.THROUGHPUT) == 0.5
    assert improvement(0.5, Metric.PEAK_MEMORY) == 2


def test_geometric_mean():
    assert geometric_mean([1.0, 4.0]) == pytest.approx(2)
