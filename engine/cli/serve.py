"""modeldyno serve"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from engine.config import CHECKOUT, LEAST_STOP_SECONDS, MOST_STOP_SECONDS, STOP_SECONDS, OnStop


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Others than loopback's can be reached from other machines, and demand API keys.",
)
@click.option("--port", default=8050, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free port.")
@click.option("--require-keys", is_flag=True, help="Demand an API key on loopback too.")
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="Name under which browsers find this server, such as dyno.example; may be repeated.",
)
@click.option(
    "--allow-origin",
    "allow_origins",
    multiple=True,
    metavar="ORIGIN",
    help="Exact origin whose pages may use the endpoints, such as app://desktop; may be repeated.",
)
@click.option(
    "--rate-limit",
    type=click.IntRange(1),
    metavar="N",
    help="Requests per second of one key or address. [default: 1000 from loopback, 100 from elsewhere]",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the dashboard in a browser.")
@click.option("--end-with-stdin", is_flag=True, help="Stop when standard input ends: for programs that start this one.")
@click.option("--first-run", is_flag=True, help="Measure a first set of models if nothing was ever measured.")
@click.option("--db-path", type=click.Path(path_type=Path), help="Database file. [default: modeldyno.duckdb at home]")
@click.option(
    "--benchmark-dir",
    type=click.Path(path_type=Path),
    help="Home folder of database, skillsets and reports. [default: $MODELDYNO_HOME, else data/ of a checkout]",
)
@click.option(
    "--on-stop",
    type=click.Choice([choice.value for choice in OnStop]),
    help="What becomes of cases under way when the server is told to stop; their runs can be resumed either way, and a "
    "second Ctrl-C interrupts at once. [default: $MODELDYNO_ON_STOP, else interrupt]",
)
@click.option(
    "--stop-seconds",
    type=click.FloatRange(LEAST_STOP_SECONDS, MOST_STOP_SECONDS),
    help=f"How long finishing may take. [default: $MODELDYNO_STOP_SECONDS, else {STOP_SECONDS:g}]",
)
def serve(
    host: str,
    port: int,
    require_keys: bool,
    allow_hosts: tuple[str, ...],
    allow_origins: tuple[str, ...],
    rate_limit: int | None,
    open_browser: bool,
    end_with_stdin: bool,
    first_run: bool,
    db_path: Path | None,
    benchmark_dir: Path | None,
    on_stop: str | None,
    stop_seconds: float | None,
) -> int:
    """Serve the dashboard and its endpoints until stopped.

    Without --require-keys whoever is at this machine may do everything. Other machines need a key, made beforehand with
    `modeldyno keys create NAME --role admin`. `python -m app` does the same. A program that starts a server hands it
    $MODELDYNO_ONE_TIME_TOKEN, which buys the only key that it then needs (docs/electron.md).
    """
    words = ["--host", host, "--port", str(port)]
    words += ["--require-keys"] if require_keys else []
    words += [word for name in allow_hosts for word in ("--allow-host", name)]
    words += [word for origin in allow_origins for word in ("--allow-origin", origin)]
    words += ["--rate-limit", str(rate_limit)] if rate_limit is not None else []
    words += ["--open"] if open_browser else []
    words += ["--end-with-stdin"] if end_with_stdin else []
    words += ["--first-run"] if first_run else []
    words += ["--db-path", str(db_path)] if db_path else []
    words += ["--home", str(benchmark_dir)] if benchmark_dir else []
    words += ["--on-stop", on_stop] if on_stop else []
    words += ["--stop-seconds", str(stop_seconds)] if stop_seconds is not None else []
    environment = dict(os.environ)
    if (CHECKOUT / "pyproject.toml").is_file():
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(CHECKOUT), environment.get("PYTHONPATH"))))
    # -P: a folder called `app` where the user happens to stand is not ours.
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-P", "-m", "app", *words], environment)
