"""`modeldyno`: the commands, and what becomes of every way in which one can end."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence

import click

from engine import __version__
from engine.cli.benchmark import benchmark
from engine.cli.catalog import catalog
from engine.cli.exit_status import FAILED, GOOD, INTERRUPTED, USAGE, status_of
from engine.cli.export import export
from engine.cli.generate import generate
from engine.cli.hardware import hardware
from engine.cli.pipeline import pipeline
from engine.cli.query import query
from engine.cli.results import results
from engine.cli.serve import serve
from engine.errors import EngineError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="modeldyno")
def modeldyno() -> None:
    """Measure, remember, compare and predict how fast transformer models run on your hardware.

    Results go to standard output, everything else to standard error.
    Exit status: 0 good, 1 failed, 2 wrong usage, 130 interrupted.
    """


for _command in (generate, benchmark, pipeline, results, query, export, catalog, hardware, serve):
    modeldyno.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status. Errors a user can meet are told in one message, without a traceback."""
    logging.basicConfig(
        level=os.environ.get("MODELDYNO_LOG_LEVEL", "ERROR").upper(), format="%(levelname)s: %(message)s"
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # being told to stop cancels as tidily as Ctrl-C
    try:
        status = modeldyno.main(
            args=None if arguments is None else list(arguments), prog_name="modeldyno", standalone_mode=False
        )
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as help_text:
        help_text.show()
        return USAGE
    except click.UsageError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        error.show()
        return FAILED
    except EngineError as error:
        click.echo(f"{error.title}: {error.message}", err=True)
        return status_of(error)
    except BrokenPipeError:
        # The reader of a pipe has seen enough; Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    return status if isinstance(status, int) else GOOD


if __name__ == "__main__":
    sys.exit(main())
