"""modeldyno doctor"""

from __future__ import annotations

import time
from typing import Any

import click

from engine.analysis.calibration import FAMILY
from engine.cli.exit_status import FAILED, GOOD, INTERRUPTED
from engine.cli.follow import Standing, display
from engine.cli.interruption import until_interrupted
from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, local_options
from engine.cli.output import print_json, print_line, print_rows, say
from engine.domain.calibration import Calibration, CalibrationProgress
from engine.formatting import format_duration, format_time
from engine.reports.calibration_words import (
    MOST_TRIALS,
    STATE_WORDS,
    change_words,
    detail_words,
    goal_words,
    next_steps,
    resolution_rows,
    value_words,
    verdict_sentence,
)
from engine.workflows.calibrate import GROUPS, QUICK_GROUPS, calibrate, counting_calibration
from engine.workflows.calibration_rows import calibration_row
from engine.workflows.device_turns import Cancelled


@click.command()
@click.option("--quick", is_flag=True, help=f"{QUICK_GROUPS} trials of verdicts instead of {GROUPS}.")
@click.option(
    "--groups",
    type=click.IntRange(FAMILY, MOST_TRIALS),
    help="So many trials of verdicts. A goal of at most 2 % is shown by 190 without a single miss, and by more after "
    f"one: what was found says how many. [default: {GROUPS}]",
)
@local_options
def doctor(common: Common, quick: bool, groups: int | None) -> int:
    """Calibrate the meters of this machine.

    Holds the timer, the meter of memory and the verdicts against known sleeps, allocations and matrix products, in
    processes as cases have them; says which change a verdict can resolve here. What was found is stored and stands on
    the dashboard's Trust page, where a quick one does not replace a full one for a month. Exit status 1 when a goal is
    missed: the whole 95 % interval lies beyond it, where there is one. A goal within the interval is not shown yet, and
    no failure.

    \b
    modeldyno doctor --quick
    modeldyno doctor --groups 200
    modeldyno doctor --json
    """
    if quick and groups is not None:
        raise click.UsageError("--quick and --groups both say how many trials are made; give one of them.")
    common.refuse_server("doctor", "The dashboard's Trust page calibrates a server's machine.")
    with open_workbench(common) as workbench, until_interrupted() as cancel:
        say(f"{workbench.environment.label}, {workbench.environment.os}", quiet=common.quiet or common.as_json)
        with display(quiet=common.quiet) as screen:
            try:
                found = calibrate(
                    workbench,
                    groups=groups or (QUICK_GROUPS if quick else GROUPS),
                    cancel=cancel,
                    on_progress=_Shown(screen.show),
                )
            except Cancelled:
                say("Interrupted; nothing of it is kept.")
                return INTERRUPTED
        counts = counting_calibration(workbench)
    if counts is not None and counts.calibration_id != found.calibration_id:
        kept = f"The one of {format_time(counts.calibrated_at)} goes on to count"
        say(f"{kept}: this one is quick, or could not try verdicts.", quiet=common.quiet or common.as_json)
    return tell_calibration(found, as_json=common.as_json)


def tell_calibration(found: Calibration, *, as_json: bool) -> int:
    """Print it; the exit status that it stands for."""
    if as_json:
        print_json(calibration_row(found))
    else:
        _print(found)
    return FAILED if found.missed else GOOD


class _Shown:
    """A bar moves with every process; a log gets a line when the step changes, and every half minute."""

    def __init__(self, show: Any) -> None:
        self._show = show
        self._step = ""
        self._told_at = 0.0

    def __call__(self, progress: CalibrationProgress) -> None:
        news: tuple[str, ...] = ()
        is_meter = progress.remaining_seconds is None
        now = time.monotonic()
        if (is_meter and progress.step != self._step) or now - self._told_at > 30:
            news = (f"[{progress.done}/{progress.total}] {progress.step}",)
            self._told_at = now
        self._step = progress.step
        self._show(
            Standing(
                done=progress.done,
                total=progress.total,
                step=progress.step,
                remaining=progress.remaining_seconds,
                news=news,
            )
        )


def _print(found: Calibration) -> None:
    rows = (
        (
            finding.check.title,
            value_words(finding),
            goal_words(finding) or None,
            STATE_WORDS[finding.state] or None,
            detail_words(finding),
        )
        for finding in found.findings
    )
    print_rows(("Check", "Found", "Goal", "State", "Figures"), rows, "table")
    if found.noise is not None:
        resolved = (
            (count, change_words(alone), change_words(in_pairs))
            for count, alone, in_pairs in resolution_rows(found.noise)
        )
        headings = ("Processes a side", "A comparison resolves", "As many pairs in turns")
        print_rows(headings, resolved, "table", numeric=headings)
    print_line(f"{verdict_sentence(found)} Took {format_duration(found.seconds)}.")
    for step in next_steps(found):
        print_line(f"  {step}")
