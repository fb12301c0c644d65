"""Two Plotly templates from the same tokens as the page around them."""

from __future__ import annotations

from functools import cache

import plotly.graph_objects as go

from engine.figures.tokens import FONT, SLOTS, Theme, color


@cache
def template(theme: Theme) -> go.layout.Template:
    """Transparent ground, quiet grid, no frame, no legend: direct labels and the card's title say the rest."""
    axis = {
        "showgrid": True,
        "gridcolor": color("line", theme),
        "gridwidth": 1,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "tickfont": {"size": 11, "color": color("text-3", theme)},
        "title": {"font": {"size": 11, "color": color("text-3", theme)}, "standoff": 8},
        "automargin": False,
        "fixedrange": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 11, "color": color("text-2", theme)},
            "colorway": [getattr(slot, theme) for slot in SLOTS],
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 40, "r": 16, "t": 8, "b": 36},
            "showlegend": False,
            "hovermode": "closest",
            "hoverlabel": {
                "bgcolor": color("raised", theme),
                "bordercolor": color("line-strong", theme),
                "align": "left",
                "font": {"family": FONT, "size": 12, "color": color("text", theme)},
            },
            "xaxis": axis,
            "yaxis": axis,
            "dragmode": False,
            "modebar": {"bgcolor": "rgba(0,0,0,0)"},
        }
    )


def figure(theme: Theme, height: int, **layout: object) -> go.Figure:
    """An empty figure of `height` pixels in the template of `theme`."""
    return go.Figure(layout={"template": template(theme), "height": height, **layout})
