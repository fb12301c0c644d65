"""modeldyno test"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from engine.cli.exit_status import FAILED, GOOD, INTERRUPTED
from engine.cli.follow import Display, Standing, display
from engine.cli.interruption import until_interrupted
from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, common_options
from engine.cli.output import print_json, print_rows, say
from engine.cli.remote_operation import carry_out_operation
from engine.client import ApiClient
from engine.contract.skillset_tests import SuiteRow
from engine.domain.run import RunStatus
from engine.domain.skillset_suite import SkillsetSuite, SuiteOutcome, SuiteProgress, SuiteVerdict
from engine.errors import ReportUnwritable, SkillsetFailure
from engine.formatting import counted, format_duration
from engine.reports.junit import junit_xml
from engine.reports.suite_rows import outcome_of_row, suite_row
from engine.reports.suite_words import SUITE_CHECK_TITLES, SUITE_VERDICT_TITLES, quantity_words, suite_words
from engine.workflows.check_skillset import CHECK_SECONDS, check_skillset
from engine.workflows.device_turns import Cancelled

_SUITES = {suite.value.replace("_", "-"): suite for suite in SkillsetSuite}
_BAD = (SuiteVerdict.FAILED, SuiteVerdict.ERROR)


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option(
    "--suite",
    "suite_name",
    default="basic",
    show_default=True,
    type=click.Choice(list(_SUITES)),
    help="What is tested; see above.",
)
@click.option(
    "--timeout",
    default=CHECK_SECONDS,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds for one process. One that is stopped costs the check it was in; another makes the rest.",
)
@click.option(
    "--junit",
    "junit_path",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write JUnit XML as well, for CI.",
)
@common_options
def test(common: Common, models: tuple[str, ...], suite_name: str, timeout: float, junit_path: Path | None) -> int:
    """Test the skillsets of model types.

    A missing one is generated first, one that was edited by hand is tested as it is.

    basic: it imports, builds and runs, and its numbers are numbers.

    comprehensive: that, and it repeats itself, keeps the examples of a batch apart, saves and loads, generates, can be
    counted, leaves no memory behind from pass to pass, and takes no more at its peak than its weights and values
    explain.

    fault-tolerance: wrong inputs, choices and checkpoints are refused with a reason, and a process that runs out of
    memory, is killed or hangs is reported as that and hurts nothing else.

    Exit status 1 when a check fails or cannot be made.

    \b
    modeldyno test bert vit --suite comprehensive
    modeldyno test gpt2 --suite fault-tolerance --junit gpt2.xml
    """
    if junit_path is not None and not junit_path.absolute().parent.is_dir():
        raise click.UsageError(f"--junit {junit_path} lies in a folder that there is not; make the folder first.")
    began = time.monotonic()
    if common.server is not None:
        return _by_server(common, models, _SUITES[suite_name], timeout, junit_path, began)
    found: list[SuiteOutcome] = []
    refused: dict[str, str] = {}
    with open_workbench(common) as workbench, until_interrupted() as cancel:
        names = [model.name for model in workbench.catalog.select(models)]
        with display(quiet=common.quiet) as screen:
            for name in names:
                try:
                    outcome = check_skillset(
                        workbench,
                        name,
                        _SUITES[suite_name],
                        seconds=timeout,
                        cancel=cancel,
                        on_progress=lambda progress, name=name: _show(screen, name, progress),  # type: ignore[misc]
                    )
                except Cancelled:
                    break
                except SkillsetFailure as failure:  # the other types are still to be tested
                    refused[name] = failure.message
                    say(f"{name}: {failure.message}")
                else:
                    found.append(outcome)
                    say(f"{suite_words(outcome)}.", quiet=common.quiet)
    seconds = time.monotonic() - began
    _print(found, refused, seconds, as_json=common.as_json)
    if junit_path is not None:
        _write(junit_path, junit_xml(found, refused))
    if cancel.is_set():
        say(f"Interrupted: {len(found)} of {counted(len(names), 'skillset')} tested.")
        return INTERRUPTED
    return FAILED if refused or any(each.verdict in _BAD for each in found) else GOOD


def _by_server(
    common: Common, models: tuple[str, ...], suite: SkillsetSuite, timeout: float, junit_path: Path | None, began: float
) -> int:
    """The exit status; what is printed and written is as if it had been tested here."""
    params = {"models": list(models), "suite": suite.value, "timeout_seconds": timeout}
    with ApiClient(common.server or "") as client:
        started, status = carry_out_operation(
            client, "test", params, quiet=common.quiet, name_of=lambda told: f"Test {told['operation_id']}"
        )
        ended = RunStatus(status["status"])
        rows: list[SuiteRow] = client.results(started)["results"] if ended.is_final else []
    found = [outcome_of_row(row) for row in rows if row["reason"] is None]
    refused = {row["model_type"]: row["reason"] for row in rows if row["reason"] is not None}
    _print(found, refused, time.monotonic() - began, as_json=common.as_json)
    if junit_path is not None:
        _write(junit_path, junit_xml(found, refused))
    if ended is not RunStatus.COMPLETED:
        say(f"The test is {ended}. {status['error'] or ''}".rstrip())
        return INTERRUPTED if ended in (RunStatus.CANCELLED, RunStatus.CANCELLING) else FAILED
    return FAILED if refused or any(each.verdict in _BAD for each in found) else GOOD


def _show(screen: Display, name: str, progress: SuiteProgress) -> None:
    news = tuple(
        f"[{name}] {SUITE_CHECK_TITLES[each.check]} {SUITE_VERDICT_TITLES[each.verdict]}"
        + (f": {each.reason}" if each.reason else "")
        for each in progress.news
        if each.verdict in _BAD
    )
    step = f"{name}: {progress.step}" if progress.total else progress.step
    screen.show(Standing(done=progress.done, total=progress.total, step=step, remaining=None, news=news))


def _print(found: list[SuiteOutcome], refused: dict[str, str], seconds: float, *, as_json: bool) -> None:
    if as_json:
        tests: dict[str, Any] = {
            "tests": [suite_row(outcome) for outcome in found],
            "refused": [{"model_type": name, "reason": reason} for name, reason in refused.items()],
            "seconds": round(seconds, 3),
        }
        print_json(tests)
        return
    rows = (
        (
            outcome.model_type,
            SUITE_CHECK_TITLES[each.check],
            SUITE_VERDICT_TITLES[each.verdict],
            format_duration(each.seconds),
            ", ".join(map(quantity_words, each.measured)) or None,
            each.reason,
        )
        for outcome in found
        for each in outcome.outcomes
    )
    print_rows(("Model", "Check", "Verdict", "Time", "Measured", "Reason"), rows, "table", numeric=("Time",))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportUnwritable(f"{path} could not be written ({error.strerror or error}).") from error
