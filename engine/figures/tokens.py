"""The colours of every screen and figure, once: assets/tokens.css repeats them and a test compares the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from engine.domain.model import Family

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, Theme] = ("light", "dark")

FONT = '-apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'
"""Not system-ui: on a bare Linux that is a wide face."""
MONO = 'SFMono-Regular, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace'


class Pair(NamedTuple):
    """One colour in both themes."""

    light: str
    dark: str


TOKENS: Mapping[str, Pair] = {
    "canvas": Pair("#F4F5F7", "#0E1116"),
    "surface": Pair("#FFFFFF", "#161A21"),
    "sunken": Pair("#ECEEF1", "#0A0C10"),
    "raised": Pair("#FFFFFF", "#1F242D"),
    "text": Pair("#14181F", "#E9ECF1"),
    "text-2": Pair("#454E5C", "#B3BCC8"),
    "text-3": Pair("#5F6977", "#8E98A7"),
    "line": Pair("#DFE3E8", "#2A303A"),
    "line-strong": Pair("#838D9B", "#6C7686"),
    "accent": Pair("#0B6470", "#5CC6D3"),
    "accent-soft": Pair("#E1F0F2", "#12313A"),
    "on-accent": Pair("#FFFFFF", "#06262C"),
    "accent-fill": Pair("#0B6470", "#2F8F9B"),
    "ok-fill": Pair("#1B7340", "#3E9A63"),
    "failed-fill": Pair("#BC2121", "#D9584E"),
    "better": Pair("#1A5FC4", "#76AEFF"),
    "better-soft": Pair("#E4EEFC", "#152B4D"),
    "worse": Pair("#B54708", "#FFA15C"),
    "worse-soft": Pair("#FDEBDD", "#43250E"),
    "undecided": Pair("#5E6672", "#A0A9B6"),
    "undecided-soft": Pair("#E9EBEF", "#262C35"),
    "same": Pair("#454E5C", "#B3BCC8"),
    "same-soft": Pair("#F1F3F5", "#1C2129"),
    "measured": Pair("#14181F", "#E9ECF1"),
    "predicted": Pair("#6D3FC0", "#BFA0FF"),
    "imported": Pair("#7A5A12", "#DDB85C"),
    "simulated": Pair("#A8216B", "#FF8AC4"),
    "queued": Pair("#5F6977", "#8E98A7"),
    "running": Pair("#0B6470", "#5CC6D3"),
    "ok": Pair("#1B7340", "#63CF8C"),
    "failed": Pair("#BC2121", "#FF8A80"),
    "skipped": Pair("#626A76", "#939CAA"),
    "cancelled": Pair("#75562F", "#D0AB7C"),
    "interrupted": Pair("#8A5200", "#F2B84B"),
}

SLOTS: tuple[Pair, ...] = (
    Pair("#4A5269", "#D7E1FD"),
    Pair("#6E53C5", "#8254C4"),
    Pair("#24A592", "#2EAB98"),
    Pair("#7B6C01", "#DFE044"),
    Pair("#720500", "#C13E2E"),
    Pair("#AA5766", "#F0AFC2"),
    Pair("#357F95", "#368794"),
    Pair("#B876E5", "#B9A6DD"),
    Pair("#AF8758", "#CB8315"),
    Pair("#181D87", "#8385FA"),
    Pair("#18573B", "#ACF6BB"),
    Pair("#58123B", "#A4546F"),
)
"""Identity colours in their fixed order; a slot is never reassigned."""

MARKERS: tuple[str, ...] = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "triangle-down",
    "pentagon",
    "hexagon",
    "star",
    "cross",
    "x",
    "hourglass",
    "bowtie",
)
"""Plotly symbols, one to a slot."""

BACKEND_SLOTS: Mapping[str, int] = {
    "cpu": 0,
    "onnxruntime": 1,
    "openvino": 2,
    "cuda": 3,
    "rocm": 4,
    "mps": 5,
    "qnn": 6,
    "webgpu": 7,
    "webnn": 8,
    "remote": 9,
}
FAMILY_SLOTS: Mapping[Family, int] = {
    Family.TEXT_ENCODER: 0,
    Family.TEXT_DECODER: 1,
    Family.TEXT_TO_TEXT: 2,
    Family.VISION: 3,
    Family.VISION_TEXT: 4,
    Family.AUDIO: 5,
    Family.DIFFUSION: 6,
    Family.VIDEO: 7,
    Family.TIME_SERIES: 8,
    Family.OTHER: 11,
}
_LAST_SLOT = len(SLOTS) - 1

SEQUENTIAL: Mapping[Theme, Sequence[str]] = {
    "light": ("#E1F2F3", "#BAD4D6", "#94B6BA", "#6F999F", "#4A7D86", "#22616D", "#004655"),
    "dark": ("#18323A", "#2C4D56", "#416B74", "#588A92", "#6FAAB2", "#88CBD1", "#A2EEF2"),
}
"""Amounts: least is nearest the background in both themes."""
DIVERGING: Mapping[Theme, Sequence[str]] = {
    "light": ("#B54708", "#EFA672", "#F1F3F5", "#7FAAE6", "#1A5FC4"),
    "dark": ("#FFA15C", "#8A4E20", "#1C2129", "#2A5796", "#76AEFF"),
}
"""log2 of a ratio, oriented so that the last stop is better."""
DIVERGING_LIMIT = 1.75
"""The scale ends at 2 to the power of this, both ways; beyond it cells are clipped and marked."""


def color(name: str, theme: Theme) -> str:
    """The token `name` in `theme`."""
    return getattr(TOKENS[name], theme)  # type: ignore[no-any-return]


def slot_color(slot: int, theme: Theme) -> str:
    return getattr(SLOTS[slot], theme)  # type: ignore[no-any-return]


def backend_slot(backend: str) -> int:
    """The slot of `backend`; one that nobody gave a slot shares the last."""
    return BACKEND_SLOTS.get(backend, _LAST_SLOT)


def backend_color(backend: str, theme: Theme) -> str:
    return slot_color(backend_slot(backend), theme)


def backend_marker(backend: str) -> str:
    return MARKERS[backend_slot(backend)]


def family_color(family: Family, theme: Theme) -> str:
    return slot_color(FAMILY_SLOTS[family], theme)


def translucent(hex_color: str, alpha: float) -> str:
    """`hex_color` as rgba with `alpha` 0..1."""
    red, green, blue = (int(hex_color[index : index + 2], 16) for index in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def blended(colors: Sequence[str], position: float) -> str:
    """The colour at `position` 0..1 along evenly spaced stops, clipped at both ends."""
    scaled = min(max(position, 0.0), 1.0) * (len(colors) - 1)
    index = min(int(scaled), len(colors) - 2)
    share = scaled - index
    left, right = colors[index], colors[index + 1]
    mixed = (round(int(left[at : at + 2], 16) * (1 - share) + int(right[at : at + 2], 16) * share) for at in (1, 3, 5))
    return "#" + "".join(f"{channel:02X}" for channel in mixed)


def luminance(hex_color: str) -> float:
    """Relative luminance after WCAG 2."""
    channels = (int(hex_color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio, 1..21."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(fill: str) -> str:
    """Black or white, whichever reads better on `fill`."""
    return max(("#000000", "#FFFFFF"), key=lambda ink: contrast(ink, fill))
