"""The badge beside a verdict: which change could have been resolved."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc
from dash.development.base_component import Component

from engine.domain.calibration import MachineNoise, Resolution
from engine.domain.summary import CaseSummary, Comparison
from engine.stats.resolution import resolution
from engine.verdict_words import format_resolution, resolution_grounds


def resolution_badge(found: Resolution | None) -> Component:
    """Leads to what the machine's meters are worth; hovering says where the figure comes from."""
    is_known = found is not None and found.change is not None
    return dcc.Link(
        format_resolution(found),
        href="/trust",
        title=resolution_grounds(found),
        className="resolution-badge" if is_known else "resolution-badge is-unknown",
    )


def resolution_of(
    base: CaseSummary | None, new: CaseSummary, comparison: Comparison, noise: MachineNoise | None
) -> Resolution | None:
    """Of one case against another, for as many comparisons as the verdict on it is corrected for."""
    metric = comparison.metric
    of_base: Sequence[float] = base.process_values.get(metric, ()) if base is not None else ()
    return resolution(of_base, new.process_values.get(metric, ()), noise, comparisons=comparison.comparisons)
