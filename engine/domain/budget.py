"""A time budget as people write it: 90s, 30m, 2h, 1h30m."""

from __future__ import annotations

import re

from engine.errors import InvalidValue

LEAST_SECONDS = 1.0
"""No case takes less: a process starts, a model is built and warmed up."""
MOST_SECONDS = 30 * 86_400.0

_FORM = re.compile(r"(?:(?P<h>[0-9]{1,4})h)?(?:(?P<m>[0-9]{1,5})m)?(?:(?P<s>[0-9]{1,7})s)?")
_SECONDS_OF = {"h": 3600, "m": 60, "s": 1}


def parse_budget(text: str) -> float:
    """Seconds of a text such as "30m"; raises InvalidValue for anything else and for what no run can use."""
    match = _FORM.fullmatch(text.strip().lower().replace(" ", ""))
    if match is None or not any(match.groups()):
        raise InvalidValue(f"Budget {text!r} is no time; write it like 90s, 30m, 2h or 1h30m.", field="budget_seconds")
    seconds = float(sum(int(count) * _SECONDS_OF[unit] for unit, count in match.groupdict().items() if count))
    refuse_impossible_budget(seconds)
    return seconds


def refuse_impossible_budget(seconds: float) -> None:
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise InvalidValue(
            f"A budget of {seconds:g} s is not between {LEAST_SECONDS:g} s and {MOST_SECONDS / 86_400:g} days.",
            field="budget_seconds",
        )


def budget_text(seconds: float) -> str:
    """What `parse_budget` reads as so many seconds, parts of a second rounded up: "1h30m"."""
    rest = int(-(-seconds // 1))
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count)
