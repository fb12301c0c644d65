"""python -m benchmarks [NAME ...]: run our own benchmarks and print their figures as Markdown.

Exit status 1 when a goal was missed. Nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from benchmarks import (
    agreement,
    api_conformance,
    fidelity,
    first_look,
    isolation,
    live_sockets,
    memory_fit,
    pairs,
    peer_latency,
    pinning,
    sleeping_workloads,
    sql_attacks,
    storage,
)
from benchmarks.figure import Figure, markdown
from engine.backends.environment import detect_environment
from engine.errors import EngineError

BENCHMARKS = {
    "first_look": first_look.run,
    "isolation": isolation.run,
    "fidelity": fidelity.run,
    "pairs": pairs.run,
    "peer_latency": peer_latency.run,
    "sleeping_workloads": sleeping_workloads.run,
    "storage": storage.run,
    "sql_attacks": sql_attacks.run,
    "memory_fit": memory_fit.run,
    "pinning": pinning.run,
    "agreement": agreement.run,
    "api_conformance": api_conformance.run,
    "live_sockets": live_sockets.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ({', '.join(BENCHMARKS)}); all without any")
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"unknown benchmark {', '.join(unknown)}; choose from {', '.join(BENCHMARKS)}")
    here = detect_environment()
    versions = ", ".join(f"{name} {version}" for name, version in here.libraries.items() if name != "numpy")
    print(f"{datetime.now(UTC):%d %b %Y}, {here.label}, {here.os}, Python {here.python}, {versions}\n")
    missed: list[Figure] = []
    for name in names:
        print(f"Running {name}", file=sys.stderr)
        try:
            figures = BENCHMARKS[name]()
        except EngineError as error:
            print(f"{error.title}: {error.message}", file=sys.stderr)
            return 1
        print(f"{markdown(figures)}\n", flush=True)
        missed += [figure for figure in figures if figure.is_reached is False]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
