"""A calibration in words: values, goals and next steps, the same on the command line and on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.domain.calibration import Calibration, Finding, FindingState, MachineNoise, MeterCheck
from engine.domain.hardware import QUIET_SHARE
from engine.formatting import MISSING, format_bytes, format_number, format_percent, format_share
from engine.stats.detectable import detectable_change, detectable_change_in_pairs
from engine.stats.proportion import trials_to_show

STATE_WORDS: Mapping[FindingState, str] = {
    FindingState.REACHED: "reached",
    FindingState.OPEN: "not shown yet",
    FindingState.MISSED: "missed",
    FindingState.FAILED: "failed",
    FindingState.UNAVAILABLE: "not available here",
    FindingState.TOLD: "",
}
MOST_TRIALS = 1000
"""As many as one calibration may have."""
_TRIALS_STEP = 10
"""Comparisons are corrected ten at a time."""
RESOLVING_PROCESSES = (3, 5, 10)
"""For how many processes or pairs a machine's resolution is told."""
_QUIET = "Close other programs, or run it when the machine is quiet, then calibrate again."
_NEXT_STEPS: Mapping[MeterCheck, str] = {
    MeterCheck.TIMER_OVERHEAD: f"The processor is busy or throttled. {_QUIET}",
    MeterCheck.TIMER_ERROR: "The system's clock is being adjusted or emulated: look at its time service, and at the "
    "clock source of the virtual machine.",
    MeterCheck.PRODUCT_SCALING: f"The processor's speed changes while it works. {_QUIET} Fix the frequency governor "
    "where you may.",
    MeterCheck.RESIDENT_MEMORY: "Do not trust peak memory here below this error; say so beside figures you publish.",
    MeterCheck.ALLOCATOR_PEAK: "Do not trust peak memory here below this error; say so beside figures you publish.",
    MeterCheck.DEVICE_PEAK: "Do not trust the GPU's peak memory here below this error.",
    MeterCheck.FALSE_ALARMS: f"Verdicts within a run are too hasty here. {_QUIET}",
    MeterCheck.FALSE_ALARMS_APART: "This machine drifts within seconds: compare ways of running in pairs, "
    "not one run with a later one.",
    MeterCheck.FALSE_ALARMS_IN_PAIRS: f"Even processes that take turns differ too much here. {_QUIET}",
    MeterCheck.POWER: f"Ten pairs are too few here for a change of 5 %. {_QUIET} Or measure more pairs.",
}


def value_words(finding: Finding) -> str:
    """The value with its interval; "-" where there is none."""
    shown = _amount(finding, finding.value)
    if finding.low is None or finding.high is None:
        return shown
    return f"{shown} ({_bare(finding.low)} \N{EN DASH} {format_share(finding.high)})"


def goal_words(finding: Finding) -> str:
    """Like "at most 2 %"; empty without a goal."""
    if finding.goal is None:
        return ""
    return f"{'at least' if finding.check.wants_more else 'at most'} {_amount(finding, finding.goal)}"


def detail_words(finding: Finding) -> str:
    """Why there is no value, or the figures behind it."""
    return finding.problem or finding.detail


def next_steps(calibration: Calibration) -> list[str]:
    """One sentence or two for each goal that does not hold; what disturbed the calibration first."""
    steps = []
    share = max(calibration.cpu_busy_others or 0.0, calibration.cpu_steal or 0.0)
    if share > QUIET_SHARE:
        steps.append(f"Other work took {format_share(share)} of the processor meanwhile. {_QUIET}")
    for finding in calibration.missed:
        if finding.state is FindingState.FAILED:
            steps.append(f"{finding.check.title}: {finding.problem} Calibrate again; if it stays, report it.")
        else:
            steps.append(f"{finding.check.title}: {_NEXT_STEPS[finding.check]}")
    return steps


def verdict_sentence(calibration: Calibration) -> str:
    """Which goals hold, in a sentence; what so few trials cannot show is neither held nor missed."""
    missed, unshown = calibration.missed, calibration.open
    held = sum(finding.state is FindingState.REACHED for finding in calibration.findings)
    if not missed and not unshown:
        return f"All {held} goals hold."
    asked = held + len(missed) + len(unshown)
    if not missed:
        holds = "goal holds" if held == 1 else "goals hold"
        are = "is" if len(unshown) == 1 else "are"
        return f"{held} {holds}, {len(unshown)} {are} not shown yet: {_what_shows(calibration)}."
    holds = "does" if len(missed) == 1 else "do"
    sentence = f"{len(missed)} of {asked} goals {holds} not hold: {_named(missed)}"
    return f"{sentence}; {len(unshown)} not shown yet: {_what_shows(calibration)}." if unshown else f"{sentence}."


def trials_needed(calibration: Calibration, finding: Finding) -> int | None:
    """Of a goal that is not shown: the trials, more than were made, that would show it if it errs as often as it did.

    None where not even the most that one calibration may have would, and where it is not known how many were made.
    """
    made = calibration.trials
    if made is None or finding.value is None or finding.goal is None:
        return None
    share, most = (1 - finding.value, 1 - finding.goal) if finding.check.wants_more else (finding.value, finding.goal)
    more = range(made // _TRIALS_STEP * _TRIALS_STEP + _TRIALS_STEP, MOST_TRIALS + 1, _TRIALS_STEP)
    return trials_to_show(round(share * made), made, most, more)


def resolution_rows(noise: MachineNoise) -> list[tuple[int, float | None, float | None]]:
    """Processes a side or pairs, the change that a comparison resolves with a power of 80 %, and that pairs resolve."""
    return [
        (
            count,
            detectable_change(noise.process_spread, (count, count)),
            detectable_change_in_pairs(noise.pair_spread, count),
        )
        for count in RESOLVING_PROCESSES
    ]


def change_words(change: float | None) -> str:
    """A change that can be resolved, to either side; "-" where nothing can."""
    return MISSING if change is None else f"±{format_percent(change)}"


def _what_shows(calibration: Calibration) -> str:
    """How many trials would show what is open, and what none would."""
    if calibration.trials is None:
        return "more trials would tell"
    needed = {finding: trials_needed(calibration, finding) for finding in calibration.open}
    enough = max((count for count in needed.values() if count is not None), default=None)
    never = [finding for finding, count in needed.items() if count is None]
    told = []
    if enough is not None:
        told.append(f"{enough} trials would, if it errs no more often (modeldyno doctor --groups {enough})")
    if never:
        told.append(f"as often as it errs now, {MOST_TRIALS:,} trials would not show {_named(never)}")
    return "; ".join(told)


def _named(findings: Sequence[Finding]) -> str:
    return ", ".join(f"{name[0].lower()}{name[1:]}" for name in (finding.check.title for finding in findings))


def _amount(finding: Finding, amount: float | None) -> str:
    if amount is None:
        return MISSING
    if finding.check.unit == "B":
        return format_bytes(amount)
    if finding.check.unit == "FLOP/s":
        return f"{format_number(amount / 1e9)} GFLOP/s"
    return format_percent(amount)


def _bare(share: float) -> str:
    return str(round(share * 100))
