"""What the heat map shows: the page's own choices where nobody made one, and the cell that is explained beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.heat_map_cells import HeatMap, heat_map, most_telling, usual_mode
from app.selection import chosen_workload, metric_of, narrowed
from app.url_state import Mode, Rows, ViewState
from engine.domain.model import Size, is_checkpoint, real_size
from engine.domain.summary import CaseSummary
from engine.figures.wording import sizes_in

Basis = tuple[list[CaseSummary], int, str]


def completed(summaries: Sequence[CaseSummary], state: ViewState) -> ViewState:
    """`state` with metric, rows and mode: one family alone unfolds into its model types."""
    basis, _, _ = heat_map_basis(summaries, state)
    metric = metric_of(state)
    alone = len({summary.case.family for summary in basis}) == 1
    return replace(
        state,
        metric=metric,
        workload=chosen_workload(state),  # a metric brings its own along
        rows=state.rows or (Rows.MODEL if alone else Rows.FAMILY),
        mode=state.mode or usual_mode(basis, summaries, metric),
    )


def heat_map_basis(summaries: Sequence[CaseSummary], state: ViewState) -> Basis:
    """What the heat map is drawn from, with its batch size and what to call its size, both chosen where nobody did.

    Checkpoints stand beside the default size of types until somebody chooses one size.
    """
    metric = metric_of(state)
    passing = narrowed(summaries, state)
    known = [summary for summary in passing if metric in summary.estimates]
    if not known:
        return [], state.batch or 1, state.size or Size.DEFAULT
    size = state.size or real_size({summary.case.size for summary in known})
    beside = state.size is None and size != Size.TINY

    def drawn(summary: CaseSummary) -> bool:
        return summary.case.size == size or (beside and is_checkpoint(summary.case.size))

    batches = [summary.case.batch_size for summary in known if drawn(summary)]
    batch = state.batch or (min(batches) if batches else 1)
    found = [summary for summary in passing if summary.case.batch_size == batch and drawn(summary)]
    return found, batch, sizes_in(found) if found else size


def chosen_heat_map(summaries: Sequence[CaseSummary], state: ViewState) -> tuple[HeatMap | None, int, str]:
    """The heat map with its batch size and size; None when nothing that passes the filters has the metric."""
    basis, batch, size = heat_map_basis(summaries, state)
    metric = metric_of(state)
    if not any(metric in summary.estimates for summary in basis):
        return None, batch, size
    chosen = completed(summaries, state)
    found = heat_map(basis, summaries, metric, chosen.rows or Rows.FAMILY, chosen.mode or Mode.ABSOLUTE)
    if not found.comparisons and found.mode is Mode.RATIO:  # ratios need a second way to run
        found = heat_map(basis, summaries, metric, found.rows, Mode.ABSOLUTE)
    return found, batch, size


def clicked_place(found: HeatMap, chosen: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Row and column of the cell that was clicked, as long as the heat map has it."""
    row, column = (chosen or {}).get("place") or (None, None)
    return (row, column) if any((cell.row, cell.column) == (row, column) for cell in found.cells) else None


def selected_place(found: HeatMap, chosen: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Row and column of what the details are about: clicked, chosen in the table, or the most telling case."""
    place = clicked_place(found, chosen)
    if place is not None:
        return place
    telling = most_telling(found)
    case_id = (chosen or {}).get("case") or (telling.case.case_id if telling is not None else None)
    for at, members in found.members.items():
        if any(summary.case.case_id == case_id for summary in members):
            return at
    return None
