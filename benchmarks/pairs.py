"""Whether pairs tell what is so: how often the same work is called different, and a twentieth more work is found.

Through the launcher that measures cases, in processes of their own. Each round is three of them: the same work twice
and 5 % more of it, in the other order every second round, so that the base has a neighbour of either kind.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from benchmarks import known_work
from benchmarks.figure import Figure, share
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.domain.against import PAIRS
from engine.domain.summary import PairedRatio, Verdict
from engine.errors import LauncherFailure
from engine.stats.paired import correct_pairs, paired_ratio
from engine.stats.quantiles import median
from engine.workflows.device_claims import DeviceClaims
from engine.workflows.device_turns import PROCESSOR

PRODUCTS = 20
MORE = PRODUCTS + PRODUCTS // 20
SECONDS = 420.0
"""Of measuring and waiting, after which no more comparisons begin."""
MOST = 120
"""Comparisons of either kind."""
RUN = 5
"""Cases of either kind that are corrected together, as those of one run are."""
FALSE_GOAL, FOUND_GOAL = 0.02, 0.95
_TIMEOUT = 60.0

Values = tuple[list[float], list[float]]
Triple = tuple[list[float], list[float], list[float]]


def run() -> list[Figure]:
    same: list[Values] = []
    slower: list[Values] = []
    spent = 0.0
    while spent < SECONDS and len(same) < MOST:
        started = time.monotonic()
        for twice, base, more in comparisons():
            same.append((base, twice))
            slower.append((base, more))
        spent += time.monotonic() - started
    return figures_of(same, slower)


def comparisons() -> list[Triple]:
    """As many as are corrected together, while no other ModelDyno measures here."""
    launcher = ForkServerLauncher(allowed_prefixes=("benchmarks.",))
    try:
        _seconds(launcher, PRODUCTS)
        with DeviceClaims().held(PROCESSOR, threading.Event()):
            return [_comparison(launcher) for _ in range(RUN)]
    finally:
        launcher.close()


def figures_of(same: Sequence[Values], slower: Sequence[Values]) -> list[Figure]:
    alone = [paired_ratio(*values) for values in same]
    judged, found = _judged(same, slower)
    return [
        Figure(name="the same work: scatter of a pair's ratio", values=tuple(map(_scatter, same)), unit="%"),
        share("the same work called different, each comparison alone", [_differs(one) for one in alone]),
        share("the same work called different, corrected", [_differs(one) for one in judged], at_most=FALSE_GOAL),
        share("the same work called the same", [one.verdict is Verdict.SAME for one in judged]),
        share(
            "5 % more work found to be more, corrected",
            [one.verdict is Verdict.WORSE for one in found],
            at_least=FOUND_GOAL,
        ),
        Figure(name="5 % more work: ratio", values=tuple(one.ratio for one in found), unit="x"),
        share("5 % more work: the interval holds 1.05", [_holds(one, MORE / PRODUCTS) for one in found]),
    ]


def _comparison(launcher: ForkServerLauncher) -> Triple:
    """Values of the same work, of the base and of more work, round by round."""
    values: Triple = ([], [], [])
    for number in range(PAIRS):
        order = (0, 1, 2) if number % 2 == 0 else (2, 1, 0)
        for which in order:
            values[which].append(_seconds(launcher, MORE if which == 2 else PRODUCTS))
    return values


def _seconds(launcher: ForkServerLauncher, products: int) -> float:
    """Median of one process."""
    function = f"{known_work.__name__}:{known_work.multiply.__name__}"
    outcome = launcher.run(function, {"products": products}, timeout_seconds=_TIMEOUT)
    if outcome.value is None:
        raise LauncherFailure(outcome.failure.reason if outcome.failure else "The process returned nothing.")
    return median(outcome.value["seconds"])


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
