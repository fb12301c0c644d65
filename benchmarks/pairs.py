"""Whether pairs tell what is so: how often the same work is called different, and a twentieth more work is found.

Through the launcher that measures cases, in processes of their own that take turns of a moment, as those of pairs do.
Each round is three of them: the same work twice and 5 % more of it, in the other order every second round, so that the
base has a neighbour of either kind.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from benchmarks import known_work
from benchmarks.figure import Figure, share
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.benchmarking.run_in_turns import run_in_turns
from engine.domain.against import PAIRS
from engine.domain.summary import PairedRatio, Verdict
from engine.errors import LauncherFailure
from engine.stats.paired import correct_pairs, paired_ratio
from engine.stats.quantiles import median
from engine.workflows.device_claims import DeviceClaims
from engine.workflows.device_turns import PROCESSOR

THREADS = 1
PRODUCTS = 20
MORE = PRODUCTS + PRODUCTS // 20
SECONDS = 420.0
"""After which no more comparisons begin."""
MOST = 120
"""Comparisons of either kind."""
RUN = 5
"""Cases of either kind that are corrected together, as those of one run are."""
FALSE_GOAL, FOUND_GOAL = 0.02, 0.95
_TIMEOUT = 60.0

Values = tuple[list[float], list[float]]
Triple = tuple[list[float], list[float], list[float]]


def run() -> list[Figure]:
    return figures_of(comparisons(SECONDS))


def comparisons(seconds: float) -> list[Triple]:
    """As many as begin within so many seconds, while no other ModelDyno measures here."""
    launcher = ForkServerLauncher(allowed_prefixes=("benchmarks.",))
    found: list[Triple] = []
    try:
        _seconds(launcher, [PRODUCTS])
        with DeviceClaims().held(PROCESSOR, threading.Event()):
            until = time.monotonic() + seconds
            while time.monotonic() < until and len(found) < MOST:
                found.append(_comparison(launcher))
    finally:
        launcher.close()
    return found


def figures_of(found: Sequence[Triple]) -> list[Figure]:
    same = [(base, twice) for twice, base, _ in found]
    slower = [(base, more) for _, base, more in found]
    alone = [paired_ratio(*values) for values in same]
    quiet, loud = _judged(same, slower)
    return [
        Figure(name="the same work: scatter of a pair's ratio", values=tuple(map(_scatter, same)), unit="%"),
        share("the same work called different, each comparison alone", [_differs(one) for one in alone]),
        share("the same work called different, corrected", [_differs(one) for one in quiet], at_most=FALSE_GOAL),
        share("the same work called the same", [one.verdict is Verdict.SAME for one in quiet]),
        share(
            "5 % more work found to be more, corrected",
            [one.verdict is Verdict.WORSE for one in loud],
            at_least=FOUND_GOAL,
        ),
        Figure(name="5 % more work: ratio", values=tuple(one.ratio for one in loud), unit="x"),
        share("5 % more work: the interval holds 1.05", [_holds(one, MORE / PRODUCTS) for one in loud]),
    ]


def _comparison(launcher: ForkServerLauncher) -> Triple:
    """Values of the same work, of the base and of more work, round by round."""
    values: Triple = ([], [], [])
    for number in range(PAIRS):
        order = (0, 1, 2) if number % 2 == 0 else (2, 1, 0)
        seconds = _seconds(launcher, [MORE if which == 2 else PRODUCTS for which in order])
        for which, found in zip(order, seconds, strict=True):
            values[which].append(found)
    return values


def _seconds(launcher: ForkServerLauncher, products: Sequence[int]) -> list[float]:
    """Median of each process."""
    function = f"{known_work.__name__}:{known_work.multiply.__name__}"
    arguments = [{"products": number, "threads": THREADS} for number in products]
    found = []
    for outcome in run_in_turns(launcher, function, arguments, cores=THREADS, timeout_seconds=_TIMEOUT):
        if outcome.value is None:
            raise LauncherFailure(outcome.failure.reason if outcome.failure else "The process returned nothing.")
        found.append(median(outcome.value["seconds"]))
    return found


def _judged(same: Sequence[Values], slower: Sequence[Values]) -> tuple[list[PairedRatio], list[PairedRatio]]:
    """Verdicts as they would stand in runs of a few cases: none of which differs, and half of which do."""
    judged: list[PairedRatio] = []
    found: list[PairedRatio] = []
    for start in range(0, len(same), RUN):
        quiet, loud = same[start : start + RUN], slower[start : start + RUN]
        judged += _corrected(quiet)
        found += _corrected([*loud, *quiet])[: len(loud)]
    return judged, found


def _corrected(values: Sequence[Values]) -> list[PairedRatio]:
    return correct_pairs([paired_ratio(*one) for one in values], values)


def _differs(found: PairedRatio) -> bool:
    return found.verdict in (Verdict.BETTER, Verdict.WORSE)


def _holds(found: PairedRatio, ratio: float) -> bool:
    return found.low is not None and found.high is not None and found.low <= ratio <= found.high


def _scatter(values: Values) -> float:
    """Half the width of the middle two thirds of the pairs' ratios: a standard deviation, were they normal; percent."""
    ratios = sorted(new / base for base, new in zip(*values, strict=True))
    outside = round(len(ratios) / 6)
    return 50 * (ratios[-1 - outside] - ratios[outside])
