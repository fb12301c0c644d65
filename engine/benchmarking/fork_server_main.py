"""The fork server: a process with the slow imports done, that forks a case process per request.

It never runs an operation that starts a thread pool and never touches a device, so that its forks are sound. It is
the parent of every case process: it reaps them, kills them on request with all they started, and kills everything
when the process it serves has gone. Without `--preload` and with `fresh` requests it serves the cold launcher.
"""

from __future__ import annotations

import argparse
import array
import contextlib
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from engine.benchmarking import child
from engine.benchmarking.frames import send_frame
from engine.benchmarking.process_control import (
    adopt_orphans,
    children,
    die_with_parent,
    kill,
    kill_group,
    oom_kills,
    prefer_as_victim,
    session_of,
)

_PARENT_CHECK_SECONDS = 0.5
_DESCRIPTORS_PER_START = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A case process under way."""

    call: int
    channel: socket.socket
    started: float
    oom_kills: int | None


class ForkServer:
    """The loop: requests come in over `control`, ends of processes over SIGCHLD."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._cases: dict[int, _Case] = {}
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._lines = bytearray()
        self._descriptors: deque[int] = deque()
        self._told_seconds = time.process_time()

    def serve(self) -> None:
        """Until the other side closes the socket or dies."""
        parent_pid = os.getppid()
        adopt_orphans()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        try:
            while os.getppid() == parent_pid:
                readable, _, _ = select.select([self._control, self._wake_read], [], [], _PARENT_CHECK_SECONDS)
                if self._wake_read in readable:
                    with contextlib.suppress(BlockingIOError):
                        self._wake_read.recv(4096)
                self._reap()
                if self._control in readable and not self._read_requests():
                    return
        finally:
            for pid in list(self._cases):
                kill_group(pid)
            self._kill_orphans(running=frozenset())

    def _read_requests(self) -> bool:
        size = array.array("i").itemsize * 64
        try:
            data, ancillary, _, _ = self._control.recvmsg(65536, socket.CMSG_SPACE(size))
        except ConnectionResetError:
            return False
        for level, kind, payload in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                received = array.array("i")
                received.frombytes(payload[: len(payload) - len(payload) % received.itemsize])
                self._descriptors += received
        if not data:
            return False
        self._lines += data
        *lines, rest = bytes(self._lines).split(b"\n")
        self._lines = bytearray(rest)
        for line in lines:
            request = json.loads(line)
            if request["type"] == "start":
                channel, log = (self._descriptors.popleft() for _ in range(_DESCRIPTORS_PER_START))
                self._start(request["call"], socket.socket(fileno=channel), log, fresh=request["fresh"])
            else:
                self._kill_call(request["call"])
        return True

    def _start(self, call: int, channel: socket.socket, log: int, *, fresh: bool) -> None:
        server_pid = os.getpid()
        kills = oom_kills()
        try:
            pid = os.fork()
        except OSError as error:
            send_frame(channel, {"type": "refused", "reason": f"The fork server could not start a process: {error}."})
            channel.close()
            os.close(log)
            return
        if pid == 0:
            _become_case(server_pid, channel, log, self._inherited(), fresh=fresh)
        os.close(log)
        self._cases[pid] = _Case(call=call, channel=channel, started=time.perf_counter(), oom_kills=kills)

    def _inherited(self) -> list[int]:
        """Descriptors of the server that a case process has no business with."""
        sockets = [self._control, self._wake_read, self._wake_write, *(case.channel for case in self._cases.values())]
        return [found.fileno() for found in sockets]

    def _kill_call(self, call: int) -> None:
        for pid, case in self._cases.items():
            if case.call == call:
                kill_group(pid)

    def _reap(self) -> None:
        reaped = False
        while True:
            try:
                # The dead leader is looked at before it is reaped: as long as it is a zombie its id is nobody else's.
                waiting = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                waiting = None
            if waiting is None:
                break
            pid = waiting.si_pid
            case = self._cases.pop(pid, None)
            if case is not None:
                kill_group(pid)
            _, status, usage = os.wait4(pid, 0)
            if case is not None:
                reaped = True
                _report_end(case, pid, status, usage, self._own_seconds())
        if reaped:
            self._kill_orphans(running=frozenset(self._cases))

    def _own_seconds(self) -> float:
        """CPU time of this process since it was asked last: what starting and ending processes costs beside them."""
        before, self._told_seconds = self._told_seconds, time.process_time()
        return self._told_seconds - before

    def _kill_orphans(self, *, running: frozenset[int]) -> None:
        """Kill what dead cases left behind: children of ours that are no case and in the session of none."""
        for pid in children(os.getpid()):
            if pid not in running and session_of(pid) not in running:
                kill_group(pid)
                kill(pid)


def _report_end(case: _Case, pid: int, status: int, usage: resource.struct_rusage, own_seconds: float) -> None:
    kills = oom_kills()
    unit = 1 if sys.platform == "darwin" else 1024
    message = {
        "type": "exit",
        "pid": pid,
        "exit_code": os.waitstatus_to_exitcode(status),
        "peak_rss_bytes": usage.ru_maxrss * unit,
        "cpu_seconds": usage.ru_utime + usage.ru_stime + own_seconds,
        "oom_killed": kills is not None and case.oom_kills is not None and kills > case.oom_kills,
        "seconds": time.perf_counter() - case.started,
    }
    with contextlib.suppress(OSError):  # the caller may have gone; nobody is left to be told
        send_frame(case.channel, message)
    case.channel.close()


def _become_case(server_pid: int, channel: socket.socket, log: int, inherited: list[int], *, fresh: bool) -> None:
    """In the child: leave the server's session, signals and descriptors behind, do the work, and end."""
    exit_code = 1
    try:
        die_with_parent(server_pid)
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        prefer_as_victim()
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        for descriptor in inherited:
            os.close(descriptor)
        _redirect_output(log)
        if fresh:
            os.set_inheritable(channel.fileno(), True)
            command = [sys.executable, "-m", child.__name__, "--channel", str(channel.fileno())]
            os.execv(sys.executable, command)
        child.serve_call(channel)
        exit_code = 0
    except BaseException:  # nothing may unwind into the server's own loop; the log carries the reason
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(exit_code)


def _redirect_output(log: int) -> None:
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # New streams, because the old ones remember what kind of file they wrote to.
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115


def preload(modules: list[str]) -> tuple[list[str], dict[str, str]]:
    """Import `modules`; those that cannot be imported are named with the reason, and cases will meet it themselves."""
    loaded: list[str] = []
    missing: dict[str, str] = {}
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:  # a broken optional library must not stop cases that do not need it
            missing[name] = child.one_line(error)
        else:
            loaded.append(name)
    return loaded, missing


def thread_count() -> int | None:
    """Threads of this process as the kernel counts them, native ones included; None where it does not tell."""
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    except OSError:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description="Fork a process per case; started and spoken to by the launcher.")
    parser.add_argument("--control", type=int, required=True, help="file descriptor of the socket to the launcher")
    parser.add_argument("--preload", action="append", default=[], metavar="MODULE", help="import before the first fork")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to the launcher, which then closes the socket
    control = socket.socket(fileno=options.control)
    os.set_inheritable(control.fileno(), False)
    loaded, missing = preload(options.preload)
    gc.collect()
    gc.freeze()
    ready = {"type": "ready", "preloaded": loaded, "missing": missing, "threads": thread_count()}
    try:
        control.sendall(json.dumps(ready).encode() + b"\n")
        ForkServer(control).serve()
    except BrokenPipeError:
        return


if __name__ == "__main__":
    main()
