"""The colours: one source, repeated exactly by the style sheet, and readable."""

from __future__ import annotations

import re

import pytest

from engine.config import resource_folder
from engine.domain.model import Family
from engine.figures import tokens
from engine.figures.tokens import THEMES, TOKENS, color, contrast


def declared(selector: str) -> dict[str, str]:
    """Custom properties that tokens.css declares for `selector`, from its first block with it."""
    text = (resource_folder("assets") / "tokens.css").read_text(encoding="utf-8")
    block = re.search(re.escape(selector) + r" \{\n(.*?)\n\}", text, re.DOTALL)
    assert block is not None, selector
    return dict(re.findall(r"--([\w-]+): (#[0-9A-Fa-f]{6});", block.group(1)))


@pytest.mark.parametrize(("theme", "selector"), [("light", ":root"), ("dark", '[data-bs-theme="dark"]')])
def test_style_sheet_repeats_every_token(theme, selector):
    wanted = {name: color(name, theme) for name in TOKENS}
    wanted |= {f"slot-{at}": tokens.slot_color(at - 1, theme) for at in range(1, len(tokens.SLOTS) + 1)}
    wanted |= {f"diverging-{at}": shade for at, shade in enumerate(tokens.DIVERGING[theme], 1)}
    wanted |= {f"sequential-{at}": shade for at, shade in enumerate(tokens.SEQUENTIAL[theme], 1)}
    assert declared(selector) == wanted


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["canvas", "surface"])
@pytest.mark.parametrize(
    "ink", ["text", "text-2", "text-3", "accent", "better", "worse", "undecided", "same", "predicted", "failed", "ok"]
)
def test_text_reads_on_page_and_card(theme, ground, ink):
    assert contrast(color(ink, theme), color(ground, theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("verdict", ["better", "worse", "undecided", "same"])
def test_a_verdict_reads_on_its_own_soft_fill(theme, verdict):
    assert contrast(color(verdict, theme), color(f"{verdict}-soft", theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_borders_of_controls_and_every_identity_stand_out_from_a_card(theme):
    marks = [color("line-strong", theme), *(tokens.slot_color(at, theme) for at in range(len(tokens.SLOTS)))]
    assert min(contrast(mark, color("surface", theme)) for mark in marks) >= 3.0


@pytest.mark.parametrize("theme", THEMES)
def test_ink_on_any_shade_of_a_scale_reads(theme):
    shades = [
        tokens.blended(scale[theme], at / 40) for scale in (tokens.DIVERGING, tokens.SEQUENTIAL) for at in range(41)
    ]
    assert min(contrast(tokens.ink_on(shade), shade) for shade in shades) >= 4.5


def test_contrast_knows_the_extremes():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)


def test_a_scale_ends_in_its_stops_and_clips_beyond():
    stops = tokens.DIVERGING["light"]
    assert tokens.blended(stops, 0) == tokens.blended(stops, -3) == stops[0]
    assert tokens.blended(stops, 0.5) == stops[2]
    assert tokens.blended(stops, 1) == tokens.blended(stops, 9) == stops[-1]


def test_every_family_and_backend_has_a_slot_of_its_own():
    assert set(tokens.FAMILY_SLOTS) == set(Family)
    assert len(set(tokens.FAMILY_SLOTS.values())) == len(Family)
    assert len(set(tokens.BACKEND_SLOTS.values())) == len(tokens.BACKEND_SLOTS)
    assert tokens.backend_marker("a backend of tomorrow") in tokens.MARKERS


def test_translucent_keeps_the_hue():
    assert tokens.translucent("#0B6470", 0.2) == "rgba(11,100,112,0.2)"
