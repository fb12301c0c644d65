"""modeldyno generate"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from engine.catalog.registry import Catalog
from engine.cli.exit_status import FAILED, GOOD, INTERRUPTED
from engine.cli.open_workbench import open_workbench
from engine.cli.options import Common, common_options, model_options, tier_of
from engine.cli.output import print_json, print_rows, say
from engine.cli.remote_operation import carry_out_operation
from engine.client import ApiClient
from engine.contract.generator import GenerationRow
from engine.domain.model import Tier
from engine.domain.run import RunStatus
from engine.domain.skillset import GenerationOutcome, GenerationStatus
from engine.errors import InvalidValue, UnknownName
from engine.formatting import counted, format_duration
from engine.workflows.generate_skillsets import generate_skillsets
from engine.workflows.skillset_rows import generation_row
from engine.workflows.workbench import Workbench

_GOOD = (GenerationStatus.VERIFIED, GenerationStatus.RENDERED)
_LINES_TOLD = 5
"""Of a file that names what there is not; more are counted."""


@click.command()
@model_options
@click.option(
    "--from-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of model types or checkpoints, one a line; # begins a comment.",
)
@click.option(
    "--output-dir", type=click.Path(file_okay=False, path_type=Path), help="Where modules go. [default: --skillset-dir]"
)
@click.option("--force", is_flag=True, help="Overwrite modules edited by hand, and their skillset_base.py.")
@click.option("--no-verify", is_flag=True, help="Do not run the modules.")
@click.option("--with-tests", is_flag=True, help="Beside each module its tests, for plain pytest: test_hf_<type>.py.")
@common_options
def generate(
    common: Common,
    models: tuple[str, ...],
    priority: str | None,
    from_file: Path | None,
    output_dir: Path | None,
    force: bool,
    no_verify: bool,
    with_tests: bool,
) -> int:
    """Write skillsets, a runnable module per model type.

    Each is run once to prove that it works.

    \b
    modeldyno generate --model bert --model vit
    modeldyno generate --priority high --output-dir skillsets
    """
    listed = _lines_of(from_file) if from_file else {}
    wanted = tuple(dict.fromkeys((*models, *listed)))
    if common.server is not None:
        if output_dir is not None:
            raise click.UsageError(
                "--output-dir is a folder of this machine; a server writes where it keeps skillsets."
            )
        how = {"force": force, "verify": not no_verify, "with_tests": with_tests}
        return _by_server(common, wanted, priority or Tier.CRITICAL.value, how)
    with open_workbench(common) as workbench:
        if from_file:
            _refuse_unknown(workbench.catalog, listed, from_file)
        outcomes, seconds, status = generate_with(
            workbench,
            wanted,
            tier=None if wanted else tier_of(priority) or Tier.CRITICAL,
            quiet=common.quiet,
            output_dir=output_dir,
            force=force,
            verify=not no_verify,
            with_tests=with_tests,
        )
    print_outcomes(outcomes, seconds, as_json=common.as_json)
    return status


def _by_server(common: Common, models: Sequence[str], priority: str, how: Mapping[str, bool]) -> int:
    """The exit status. Modules are written where the server keeps them."""
    began = time.monotonic()
    what: dict[str, Any] = {"models": list(models)} if models else {"priority": priority}
    with ApiClient(common.server or "") as client:
        started, status = carry_out_operation(
            client,
            "generator",
            {**what, **how},
            quiet=common.quiet,
            name_of=lambda told: f"Generation {told['operation_id']}",
        )
        ended = RunStatus(status["status"])
        rows: list[GenerationRow] = client.results(started)["results"] if ended.is_final else []
    print_generated(rows, time.monotonic() - began, as_json=common.as_json)
    if ended is not RunStatus.COMPLETED:
        say(f"The generation is {ended}. {status['error'] or ''}".rstrip())
        return INTERRUPTED if ended in (RunStatus.CANCELLED, RunStatus.CANCELLING) else FAILED
    return GOOD if rows and all(row["status"] in _GOOD for row in rows) else FAILED


def run_generation(
    common: Common, models: Sequence[str], *, tier: Tier | None, **how: Any
) -> tuple[list[GenerationOutcome], float, int]:
    """Outcomes, seconds in all, and the exit status: FAILED when any type failed or was refused."""
    with open_workbench(common) as workbench:
        return generate_with(workbench, models, tier=tier, quiet=common.quiet, **how)


def generate_with(
    workbench: Workbench, models: Sequence[str], *, tier: Tier | None, quiet: bool, **how: Any
) -> tuple[list[GenerationOutcome], float, int]:
    began = time.monotonic()
    told: set[str] = set()

    def tell_wait(line: str) -> None:
        """Each type waits for its own turn: who holds it is said once."""
        if line not in told:
            say(line, quiet=quiet)
        told.add(line)

    outcomes = generate_skillsets(
        workbench,
        models,
        tier=tier,
        on_outcome=lambda outcome: say(_line(outcome), quiet=quiet),
        on_wait=tell_wait,
        **how,
    )
    status = GOOD if outcomes and all(outcome.status in _GOOD for outcome in outcomes) else FAILED
    return outcomes, time.monotonic() - began, status


def print_outcomes(outcomes: Sequence[GenerationOutcome], seconds: float, *, as_json: bool) -> None:
    print_generated([generation_row(outcome) for outcome in outcomes], seconds, as_json=as_json)


def print_generated(outcomes: Sequence[GenerationRow], seconds: float, *, as_json: bool) -> None:
    if as_json:
        print_json({"generated": outcomes, "seconds": round(seconds, 3)})
        return
    rows = ((o["model_type"], o["status"], format_duration(o["seconds"]), o["path"], o["reason"]) for o in outcomes)
    print_rows(("Model", "Status", "Time", "Module", "Reason"), rows, "table", numeric=("Time",))


def _lines_of(path: Path) -> dict[str, int]:
    """The names in a file, each with the number of the first line that has it."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise click.UsageError(f"--from-file {path} cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        faulty = error.object.count(b"\n", 0, error.start) + 1
        raise click.UsageError(
            f"--from-file {path} cannot be read as text: line {faulty} is not UTF-8 ({error.reason}); save it as UTF-8."
        ) from error
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if name := line.split("#", 1)[0].strip():
            found.setdefault(name, number)
    if not found:
        raise click.UsageError(f"--from-file {path} names no model type; write one a line.")
    return found


def _refuse_unknown(catalog: Catalog, listed: Mapping[str, int], path: Path) -> None:
    """Raises InvalidValue with every line that names nothing that there is."""
    told = []
    for name, line in listed.items():
        try:
            catalog.choose_one(name)
        except (UnknownName, InvalidValue) as error:
            told.append(f"line {line}: {error.message}")
    if told:
        more = f" {counted(len(told) - _LINES_TOLD, 'more line')} like these." if len(told) > _LINES_TOLD else ""
        raise InvalidValue(f"--from-file {path}, {' '.join(told[:_LINES_TOLD])}{more}", field="from_file")


def _line(outcome: GenerationOutcome) -> str:
    reason = f": {outcome.reason}" if outcome.reason else ""
    return f"{outcome.model_type} {outcome.status.value} in {format_duration(outcome.seconds)}{reason}"
