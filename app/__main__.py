"""python -m app: serve the dashboard and its endpoints."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from app.one_time_token import digest_of_token_in
from app.serve import ServeOptions, serve
from engine.config import STOP_SECONDS, OnStop, Settings, StopPolicy
from engine.errors import InvalidValue


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and serve; the exit status (0 stopped, 1 could not start, 2 wrong usage)."""
    parser = argparse.ArgumentParser(
        prog="python -m app",
        description="Serve the ModelDyno dashboard and its endpoints on this machine.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; others than loopback demand keys")
    parser.add_argument("--port", type=int, default=8050, help="port to listen on; 0 takes any free one")
    parser.add_argument("--db-path", type=Path, help="database file (default: modeldyno.duckdb in the home folder)")
    parser.add_argument(
        "--home", type=Path, help="folder of databases, skillsets and reports (default: $MODELDYNO_HOME)"
    )
    parser.add_argument("--require-keys", action="store_true", help="demand an API key on loopback too")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="name under which browsers find this server, such as dyno.example; may be repeated",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="exact origin whose pages may use the endpoints, such as app://desktop; may be repeated",
    )
    parser.add_argument(
        "--rate-limit",
        type=int,
        metavar="N",
        help="requests per second of one key or address (default: 1000 from loopback, 100 from elsewhere)",
    )
    parser.add_argument("--open", action="store_true", help="open the dashboard in a browser")
    parser.add_argument(
        "--end-with-stdin",
        action="store_true",
        help="stop when standard input ends: for programs that start this one",
    )
    parser.add_argument("--first-run", action="store_true", help="start a first run if nothing was ever measured")
    parser.add_argument(
        "--on-stop",
        choices=[choice.value for choice in OnStop],
        help="what becomes of cases under way when the server is told to stop (default: $MODELDYNO_ON_STOP, else "
        "interrupt); their runs can be resumed either way",
    )
    parser.add_argument(
        "--stop-seconds",
        type=float,
        help=f"how long finishing may take (default: $MODELDYNO_STOP_SECONDS, else {STOP_SECONDS:g})",
    )
    given = parser.parse_args(arguments)
    try:
        settings = Settings.load(home=given.home, db_path=given.db_path)
        stop = StopPolicy.load(on_stop=given.on_stop, seconds=given.stop_seconds)
        token_digest = digest_of_token_in(os.environ)
    except InvalidValue as error:
        print(f"{error.title}: {error.message}", file=sys.stderr)
        return 2
    options = ServeOptions(
        settings=settings,
        host=given.host,
        port=given.port,
        require_keys=given.require_keys,
        allow_hosts=tuple(given.allow_host),
        allow_origins=tuple(given.allow_origin),
        requests_per_second=given.rate_limit,
        open_browser=given.open,
        end_with_stdin=given.end_with_stdin,
        token_digest=token_digest,
        first_run=given.first_run,
        stop=stop,
    )
    return serve(options)


if __name__ == "__main__":
    sys.exit(main())
