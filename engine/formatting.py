"""Numbers, times and sizes as a person reads them; the only place that knows milliseconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from statistics import median_high, median_low
from typing import TypeVar

from engine.domain.hardware import QUIET_SHARE, MachineState
from engine.domain.measurement import Better, Estimate, Metric

Known = TypeVar("Known")

MISSING = "-"
MINUS = "\N{MINUS SIGN}"
THIN_SPACE = "\N{THIN SPACE}"
_DASH = " \N{EN DASH} "
_MOST_DIGITS = 5
_NOTHING = 1e-9
"""Half-width over value below which an interval is the rounding of a computer."""

_TIME_UNITS = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (60.0, "min"), (3600.0, "h"))
_PARAMETER_UNITS = ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "B"))
_RATE_UNITS = ((1.0, ""), (1e3, "k "), (1e6, "M "))
_BYTE_UNITS = ((1.0, "B"), (1024.0, "KiB"), (1024.0**2, "MiB"), (1024.0**3, "GiB"), (1024.0**4, "TiB"))
_FILE_UNITS = ((1.0, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB"))
_SECONDS_BEFORE_MINUTES = 120.0
_GAPS = {"x": "", "%": "\N{THIN SPACE}"}
"""Units of ratios, and what stands before them where others have a space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """One unit for a whole column or axis."""

    factor: float
    """How many SI units one shown unit is: 0.001 for ms."""
    unit: str

    @property
    def gap(self) -> str:
        """What stands between a number and the unit: a space, less before those of ratios."""
        return _GAPS.get(self.unit, " ")

    def of(self, value: float) -> float:
        """`value` (SI) in the shown unit."""
        return value / self.factor


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureText:
    """An estimate in words: what tiles, tables and labels show."""

    value: str
    unit: str
    interval: str | None
    """Like "11.5 – 12.1", in `unit`; None when there is no interval."""
    n: str
    """Like "n = 5" (processes)."""

    @property
    def plain(self) -> str:
        """Value and unit."""
        return f"{self.value}{_GAPS.get(self.unit, ' ')}{self.unit}".strip()

    @property
    def full(self) -> str:
        """Value, unit and interval, or the number of processes where there is no interval."""
        return f"{self.plain} ({self.interval or self.n})"


def scale_for(values: Iterable[float], metric: Metric) -> Scale:
    """The unit in which the median of `values` lies between 1 and 999."""
    known = [abs(value) for value in values if value and math.isfinite(value)]
    return _scale(median_high(known) if known else 1.0, metric.unit)


def format_estimate(estimate: Estimate, metric: Metric, *, scale: Scale | None = None) -> FigureText:
    """Digits follow the interval; without one, three digits."""
    scale = scale or scale_for([estimate.value], metric)
    return _figure_text(estimate, scale, _decimals_of_estimate(estimate, scale))


def format_column(estimates: Sequence[Estimate], metric: Metric) -> list[FigureText]:
    """One unit and one number of decimals for all, as the median row supports them.

    A row much smaller than the others keeps its first two digits all the same.
    """
    scale = scale_for([estimate.value for estimate in estimates], metric)
    if not estimates:
        return []
    decimals = median_low([_decimals_of_estimate(estimate, scale) for estimate in estimates])
    return [_figure_text(estimate, scale, _visible(scale.of(estimate.value), decimals)) for estimate in estimates]


def format_value(value: float | None, metric: Metric, *, scale: Scale | None = None) -> str:
    """A bare value with its unit, three digits; "-" when unknown."""
    if value is None:
        return MISSING
    scale = scale or scale_for([value], metric)
    return f"{format_number(scale.of(value))}{scale.gap}{scale.unit}"


def decimals_for(value: float, low: float, high: float) -> int:
    """Decimals such that the last digit shown is the first digit of the half-width, one more when that is a 1.

    Negative when even the units are beyond what the interval supports; two digits of the value always stay, so that
    neighbours can be told apart.
    """
    half = abs(high - low) / 2
    if half <= _NOTHING * abs(value):
        return _decimals_of_three(value)
    place = math.floor(math.log10(half))
    if half / 10.0**place < 2:
        place -= 1
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    most = _MOST_DIGITS - 1 - magnitude if value else 0
    return max(min(-place, most), 1 - magnitude)


def format_number(value: float | None, digits: int = 3) -> str:
    """`digits` significant digits, thousands with commas, true minus; "-" when unknown."""
    if value is None or not math.isfinite(value):
        return MISSING
    return _fixed(value, _decimals_of(value, digits))


def format_change(ratio: float) -> str:
    """The change of the metric itself: "−19 %"."""
    percent = (ratio - 1) * 100
    decimals = 0 if abs(percent) >= 9.5 or abs(percent - round(percent)) < 0.05 else 1
    text = _fixed(abs(percent), decimals)
    sign = "±" if float(text.replace(",", "")) == 0 else ("+" if percent > 0 else MINUS)
    return f"{sign}{text}{THIN_SPACE}%"


def format_ratio(ratio: float, metric: Metric) -> str:
    """Like "1.24x faster (−19 %)": `ratio` is new over base of the metric itself; the shown one is above 1."""
    return f"{format_times(ratio)} {ratio_word(ratio, metric)} ({format_change(ratio)})"


def format_times(ratio: float) -> str:
    """Like "1.24x", turned so that it is at least 1; one decimal from 10x."""
    if ratio <= 0 or not math.isfinite(ratio):
        return MISSING
    above = max(ratio, 1 / ratio)
    return f"{_fixed(above, 1 if above >= 9.995 else 2)}x"


def ratio_word(ratio: float, metric: Metric) -> str:
    """faster, slower, more, less, better or worse."""
    if metric.unit == "B":
        return "more" if ratio > 1 else "less"
    if metric.unit in _GAPS:
        return "better" if (ratio > 1) is (metric.better is Better.HIGHER) else "worse"
    return "faster" if (ratio > 1) is (metric.better is Better.HIGHER) else "slower"


def format_share(share: float | None) -> str:
    """0..1 as whole percent."""
    return MISSING if share is None else f"{round(share * 100):d}{THIN_SPACE}%"


def format_percent(share: float | None) -> str:
    """0..1 as percent with two digits, none beyond the second decimal and no zero at the end: "4.3 %", "0.02 %"."""
    if share is None:
        return MISSING
    percent = share * 100
    text = _fixed(percent, min(2, _decimals_of(percent, 2)))
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{THIN_SPACE}%"


def format_bytes(count: float | None) -> str:
    """Memory, in powers of 2."""
    return _scaled(count, _BYTE_UNITS)


def format_conditions(states: Sequence[MachineState]) -> str:
    """The machine while these results were measured, in clauses; what was not readable is left out."""
    if not states:
        return MISSING
    loads = [state.load_1min for state in states]
    clocks = _known(state.frequency_hertz for state in states)
    temperatures = _known(state.temperature_celsius for state in states)
    throttled = _known(state.throttled for state in states)
    gpu_programs = _known(state.other_gpu_processes for state in states)
    parts = [f"load {_between(loads, 1)} over a minute"]
    if clocks:
        parts.append(f"clock {_between([clock / 1e9 for clock in clocks], 2)}{THIN_SPACE}GHz")
    parts += [f"governor {name}" for name in sorted({state.governor for state in states if state.governor})]
    parts += [f"boost {'allowed' if on else 'off'}" for on in sorted(set(_known(state.boost for state in states)))]
    if temperatures:
        parts.append(f"at most {max(temperatures):.0f}{THIN_SPACE}°C")
    if any(throttled):
        parts.append(f"slowed for heat in {sum(throttled)} of {len(states)}")
    elif throttled:
        parts.append("never slowed for heat")
    if any(gpu_programs):
        parts.append(f"up to {max(gpu_programs)} other programs on the GPU")
    parts.append(f"{format_bytes(min(state.available_memory_bytes for state in states))} of memory free")
    return ", ".join(parts)


def format_disturbances(states: Iterable[MachineState]) -> str:
    """What makes measurements in these states noisy, the most of each, in clauses; empty where nothing does."""
    states = list(states)
    others = max(_known(state.cpu_busy_others for state in states), default=0.0)
    steal = max(_known(state.cpu_steal for state in states), default=0.0)
    gpu_programs = max(_known(state.other_gpu_processes for state in states), default=0)
    parts = [f"other programs took up to {format_share(others)} of the CPU"] if others > QUIET_SHARE else []
    if steal > QUIET_SHARE:
        parts.append(f"the hypervisor gave up to {format_share(steal)} of the CPU to other machines")
    if any(state.throttled for state in states):
        parts.append("heat slowed a processor")
    if any(state.is_side_by_side for state in states):
        parts.append("other cases could run beside it")
    if gpu_programs:
        parts.append(f"up to {counted(gpu_programs, 'other program')} computed on the GPU")
    return ", ".join(parts)


def format_unchecked(backends: Sequence[str]) -> str:
    """What to say of a plan on devices whose free memory nobody tells."""
    names = join_words(list(backends))
    return f"How much memory is free on {names} is not known, so whether cases fit there was not checked."


def _known(values: Iterable[Known | None]) -> list[Known]:
    return [value for value in values if value is not None]


def _between(values: Sequence[float], decimals: int) -> str:
    low, high = (f"{bound:.{decimals}f}" for bound in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def format_file_size(count: float | None) -> str:
    """Files, in powers of 10."""
    return _scaled(count, _FILE_UNITS)


def format_count(count: int | None) -> str:
    """Commas for thousands."""
    return MISSING if count is None else _fixed(count, 0)


def format_parameters(count: int | None) -> str:
    """Three digits, as model cards write them: "336 M"."""
    return _scaled(count, _PARAMETER_UNITS).rstrip()


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Like "1 case", "1,284 cases"."""
    return f"{format_count(count)} {noun if count == 1 else plural or noun + 's'}"


def format_duration(seconds: float | None) -> str:
    """Elapsed or total time: "1 h 52 min", "24 min", "38 s", "120 ms"."""
    if seconds is None:
        return MISSING
    if seconds < 1:
        return format_value(seconds, Metric.LATENCY) if seconds > 0 else "0 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if round(seconds) < _SECONDS_BEFORE_MINUTES:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{format_count(hours)} h {rest} min" if rest else f"{format_count(hours)} h"


def format_eta(remaining: tuple[float, float] | None) -> str:
    """A range, rounded outward: "12 to 19 min"; "-" while nothing is known."""
    if remaining is None:
        return MISSING
    low, high = sorted(max(second, 0.0) for second in remaining)
    unit, size, step = next(
        (name, seconds, step) for limit, name, seconds, step in _ETA_UNITS if high < limit or limit == math.inf
    )
    first, last = math.floor(low / size / step) * step, math.ceil(high / size / step) * step
    if last == 0:
        return "less than 1 s"
    if first == last:
        return f"about {last:g} {unit}"
    if first == 0:
        return f"up to {last:g} {unit}"
    return f"{first:g} to {last:g} {unit}"


_ETA_UNITS = ((20.0, "s", 1.0, 1.0), (120.0, "s", 1.0, 5.0), (5400.0, "min", 60.0, 1.0), (math.inf, "h", 3600.0, 0.5))


def format_time(at: datetime | None, *, now: datetime | None = None, zone: tzinfo | None = None) -> str:
    """Like "23 Nov 02:10" in `zone` (the machine's own by default); with the year where it differs from `now`'s."""
    if at is None:
        return MISSING
    local = at.astimezone(zone)
    year = f" {local.year}" if now is not None and now.astimezone(zone).year != local.year else ""
    return f"{local.day} {local:%b}{year} {local:%H:%M}"


def format_clock(at: datetime, *, zone: tzinfo | None = None) -> str:
    """Like "19:46:40", for logs."""
    return f"{at.astimezone(zone):%H:%M:%S}"


def format_time_iso(at: datetime | None, *, zone: tzinfo | None = None) -> str:
    """With zone, to the second: what hovering shows."""
    return MISSING if at is None else at.astimezone(zone).isoformat(timespec="seconds")


def format_age(at: datetime, now: datetime) -> str:
    """Like "16 min ago" below one day, else the date and time."""
    seconds = (now - at).total_seconds()
    if seconds < 5:
        return "just now"
    return f"{format_duration(seconds)} ago" if seconds < 86_400 else format_time(at, now=now)


def join_words(words: Sequence[str], last: str = "and") -> str:
    """Like "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def _decimals_of_estimate(estimate: Estimate, scale: Scale) -> int:
    value = scale.of(estimate.value)
    if estimate.low is None or estimate.high is None:
        return _decimals_of_three(value)
    return decimals_for(value, scale.of(estimate.low), scale.of(estimate.high))


def _figure_text(estimate: Estimate, scale: Scale, decimals: int) -> FigureText:
    interval = None
    if estimate.low is not None and estimate.high is not None:
        interval = f"{_bound(scale.of(estimate.low), decimals)}{_DASH}{_bound(scale.of(estimate.high), decimals)}"
    value = _fixed(scale.of(estimate.value), decimals)
    return FigureText(value=value, unit=scale.unit, interval=interval, n=f"n = {estimate.processes}")


def _visible(value: float, decimals: int) -> int:
    """`decimals`, or as many as the first two digits of `value` take."""
    return max(decimals, 1 - math.floor(math.log10(abs(value)))) if value else decimals


def _bound(value: float, decimals: int) -> str:
    """An end of an interval; one far below the digits of the value keeps a digit of its own instead of reading 0."""
    return _fixed(value, decimals if abs(value) * 10.0**decimals >= 0.5 else _decimals_of(value, 1))


def _scale(typical: float, unit: str) -> Scale:
    if unit == "s":
        units: Sequence[tuple[float, str]] = _TIME_UNITS if typical > _SECONDS_BEFORE_MINUTES else _TIME_UNITS[:4]
        return _largest_below(typical, units)
    if unit == "B":
        return _largest_below(typical, _BYTE_UNITS)
    if unit.endswith("/s"):
        return _largest_below(typical, [(factor, f"{prefix}{unit}") for factor, prefix in _RATE_UNITS])
    return Scale(factor=1.0, unit=unit)


def _largest_below(typical: float, units: Sequence[tuple[float, str]]) -> Scale:
    """The largest unit of which there is at least one once rounded to three digits."""
    for factor, unit in reversed(units):
        if typical / factor >= 0.9995:
            return Scale(factor=factor, unit=unit)
    return Scale(factor=units[0][0], unit=units[0][1])


def _scaled(count: float | None, units: Sequence[tuple[float, str]]) -> str:
    if count is None:
        return MISSING
    scale = _largest_below(count, units)
    digits = _decimals_of_three(scale.of(count)) if scale.factor > 1 else 0
    return f"{_fixed(scale.of(count), digits)} {scale.unit}"


def _decimals_of_three(value: float) -> int:
    return _decimals_of(value, 3)


def _decimals_of(value: float, digits: int) -> int:
    """Never negative: without an interval, thousands are shown to the unit."""
    if value == 0:
        return 0
    magnitude = math.floor(math.log10(abs(value)))
    if round(abs(value), digits - 1 - magnitude) >= 10 ** (magnitude + 1):
        magnitude += 1
    return max(0, digits - 1 - magnitude)


def _fixed(value: float, decimals: int) -> str:
    """`decimals` may be negative: the value is then rounded to tens or hundreds."""
    text = f"{round(value, decimals):,.{max(decimals, 0)}f}"
    return text.replace("-", MINUS) if any(digit in "123456789" for digit in text) else text.lstrip("-")
