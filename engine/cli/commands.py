"""The commands, and what becomes of every way in which one can end."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

import click

from engine import __version__
from engine.cli.benchmark import benchmark
from engine.cli.catalog import catalog
from engine.cli.conformance import conformance
from engine.cli.coverage import coverage_command
from engine.cli.doctor import doctor
from engine.cli.exit_status import FAILED, GOOD, INTERRUPTED, USAGE, status_of
from engine.cli.export import export
from engine.cli.generate import generate
from engine.cli.hardware import hardware
from engine.cli.import_measurements import import_command
from engine.cli.keys import keys
from engine.cli.output import say
from engine.cli.pipeline import pipeline
from engine.cli.query import query
from engine.cli.results import results
from engine.cli.serve import serve
from engine.cli.test import test
from engine.errors import EngineError

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="modeldyno")
def modeldyno() -> None:
    """Measure, remember, compare and predict how fast transformer models run on your hardware.

    Results go to standard output, everything else to standard error.
    Exit status: 0 good, 1 failed, 2 wrong usage, 130 interrupted.
    """


for _command in (
    generate,
    test,
    conformance,
    benchmark,
    pipeline,
    results,
    coverage_command,
    query,
    export,
    import_command,
    catalog,
    hardware,
    doctor,
    keys,
    serve,
):
    modeldyno.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status. Errors a user can meet are told in one message, without a traceback."""
    try:
        _set_up_logging()
        status = modeldyno.main(
            args=None if arguments is None else list(arguments), prog_name="modeldyno", standalone_mode=False
        )
    except click.UsageError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        error.show()
        return FAILED
    except EngineError as error:
        say(f"{error.title}: {error.message}")
        return status_of(error)
    except (KeyboardInterrupt, click.Abort):
        say("Interrupted.")
        return INTERRUPTED
    return status if isinstance(status, int) else GOOD


def _set_up_logging() -> None:
    level = os.environ.get("MODELDYNO_LOG_LEVEL", "ERROR").upper()
    if level not in _LEVELS:
        raise click.UsageError(f"$MODELDYNO_LOG_LEVEL {level!r} is no level. Choose from: {', '.join(_LEVELS)}.")
    logging.basicConfig(level=level, format="%(levelname)s: %(message)s")
