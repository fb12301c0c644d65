"""What the launcher tests run in child processes: each misbehaves in one way."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from engine.benchmarking.own_turns import taking_turns


def echo(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"arguments": arguments, "pid": os.getpid(), "session": os.getsid(0), "loaded": "torch" in sys.modules}


def environment(arguments: dict[str, Any]) -> dict[str, Any]:
    return dict(os.environ)


def is_imported(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"imported": any(name.endswith(arguments["name"]) for name in sys.modules)}


def say(arguments: dict[str, Any]) -> dict[str, Any]:
    for line in arguments["lines"]:
        print(line, flush=True)
    print("and on stderr", file=sys.stderr)
    sys.stdout.write("no line end")
    return {}


def divide(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"quotient": arguments["dividend"] / arguments["divisor"]}


def not_json(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"value": object()}


def sleep(arguments: dict[str, Any]) -> dict[str, Any]:
    if "pid_file" in arguments:
        Path(arguments["pid_file"]).write_text(str(os.getpid()))
    time.sleep(arguments["seconds"])
    return {}


def sleep_with_offspring(arguments: dict[str, Any]) -> dict[str, Any]:
    """A grandchild in the group, one that left session and group, and one that was orphaned on purpose."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    plain = subprocess.Popen(command)
    escaped = subprocess.Popen(command, start_new_session=True)
    middle = subprocess.run(
        [
            sys.executable,
            "-c",
            "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
            " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True).pid)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    pids = [os.getpid(), plain.pid, escaped.pid, int(middle.stdout)]
    part = Path(arguments["pid_file"] + ".part")
    part.write_text(" ".join(map(str, pids)))
    part.rename(arguments["pid_file"])
    time.sleep(arguments["seconds"])
    return {}


def crash(arguments: dict[str, Any]) -> dict[str, Any]:
    print("about to crash", flush=True)
    os.kill(os.getpid(), getattr(signal, arguments["signal"]))
    return {}


def read_address_zero(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"text": ctypes.string_at(0).decode()}


def leave(arguments: dict[str, Any]) -> dict[str, Any]:
    os._exit(arguments["status"])


def allocate(arguments: dict[str, Any]) -> dict[str, Any]:
    held = bytearray(arguments["bytes"])
    return {"held": len(held)}


def allocate_tensor(arguments: dict[str, Any]) -> dict[str, Any]:
    import torch

    held = torch.ones(arguments["bytes"] // 4)
    return {"held": held.numel() * 4}


def multiply(arguments: dict[str, Any]) -> dict[str, Any]:
    """A matrix product with as many threads as asked for, in the forked child."""
    import torch

    torch.set_num_threads(arguments["threads"])
    size = arguments["size"]
    product = torch.ones(size, size) @ torch.ones(size, size)
    return {"sum": float(product.sum()), "threads": torch.get_num_threads()}


def kill_parent(arguments: dict[str, Any]) -> dict[str, Any]:
    """Kill the fork server; `once` names a file that keeps it from happening again."""
    if "once" in arguments:
        try:
            os.close(os.open(arguments["once"], os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return {"survived": True}
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(30)
    return {}


def measure_telling_watched_cores(arguments: dict[str, Any]) -> dict[str, Any]:
    """As `measure_case`, with the cores whose ticks were read, and those that the process is bound to afterwards."""
    from engine.benchmarking import measure

    watched: list[Any] = []
    measure.read_ticks = lambda cores: watched.append(cores)
    told = measure.measure_case(arguments)
    return told | {"watched": watched, "affinity": sorted(os.sched_getaffinity(0))}


def product_or_death(arguments: dict[str, Any]) -> dict[str, Any]:
    """A timed product; with `kill` the process dies in its turn."""
    from engine.benchmarking.calibration_products import time_product

    if arguments.get("kill"):
        with taking_turns(arguments["ticket"], time.process_time) as turns:
            assert turns is not None
            turns.pass_on(is_enough=False)
            os.kill(os.getpid(), signal.SIGKILL)
    return time_product(arguments)


def hold_turns(arguments: dict[str, Any]) -> dict[str, Any]:
    with taking_turns(arguments["ticket"], time.process_time) as turns:
        assert turns is not None
        for seconds in arguments["seconds"]:
            time.sleep(seconds)
            turns.pass_on(is_enough=False)
    return {}


def bound_cores(arguments: dict[str, Any]) -> dict[str, Any]:
    with taking_turns(arguments["ticket"], time.process_time) as turns:
        assert turns is not None
        return {"cores": sorted(os.sched_getaffinity(0)), "binding": turns.binding}
