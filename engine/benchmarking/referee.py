"""The launcher's side of processes that are measured in turns: one at a time computes, the others wait."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from engine.benchmarking.frames import receive_frame, send_frame
from engine.errors import LauncherFailure

_POLL_SECONDS = 0.05


class Referee:
    """Passes the turn round among so many places, from before their processes start until the last has ended.

    The first turn of each is its preparation, in the order of the places. A process that has not come yet is waited
    for, and so is one that has gone, which the launcher may start again, until the place is said to have `ended`. A
    measurement that comes in parts is over, part by part, once all who are left have enough.
    """

    def __init__(self, places: int) -> None:
        self._seats = [_Seat() for _ in range(places)]
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="referee", daemon=True)

    def __enter__(self) -> Referee:
        """Raises LauncherFailure where the temporary folder cannot hold a socket, as where its name is too long."""
        try:
            self._folder = tempfile.mkdtemp(prefix="modeldyno-turns-")
        except OSError as error:
            raise LauncherFailure(
                f"No temporary folder can be made ({error}); set TMPDIR to one of your own."
            ) from error
        self._address = str(Path(self._folder) / "turns")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._listener.bind(self._address)
            self._listener.listen(len(self._seats))
        except OSError as error:
            self._listener.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise LauncherFailure(
                f"{self._address} cannot be a socket ({error}); set TMPDIR to a folder of your own with a short name."
            ) from error
        self._listener.settimeout(_POLL_SECONDS)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed.set()
        self._thread.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def ticket(self, place: int, *, cores: int | None = None, seconds: float | None = None) -> dict[str, Any]:
        """What the process of this place takes its turns by: bound to so many cores, for so many seconds in all."""
        return {"address": self._address, "place": place, "cores": cores, "seconds": seconds}

    def ended(self, place: int) -> None:
        """No process of this place runs, or will: nobody has to wait for one."""
        self._seats[place].is_expected = False

    def _serve(self) -> None:
        """However it ends, processes that wait find their channel closed and fail: none computes beside another."""
        place = 0
        try:
            while not self._closed.is_set() and any(seat.is_expected for seat in self._seats):
                seat = self._seats[place]
                if self._has_come(seat):
                    self._give_turn(seat)
                elif not seat.is_expected:
                    seat.clear()
                place = (place + 1) % len(self._seats)
        finally:
            for seat in self._seats:
                seat.clear()
            self._listener.close()

    def _has_come(self, seat: _Seat) -> bool:
        """Waits for the process of a place, and lets in whoever comes meanwhile; False where none will come."""
        while seat.channel is None and seat.is_expected and not self._closed.is_set():
            with contextlib.suppress(TimeoutError):
                channel, _ = self._listener.accept()
                channel.settimeout(_POLL_SECONDS)
                told = self._told(channel)
                if told is None:
                    channel.close()
                else:
                    self._seats[told["place"]].seat(channel, told["seconds"])
        return seat.channel is not None and seat.is_expected

    def _give_turn(self, seat: _Seat) -> None:
        assert seat.channel is not None
        others = sum(one.seconds_before + one.seconds for one in self._seats if one is not seat)
        slowest = min((one.parts for one in self._seats if one.is_expected), default=seat.parts)
        is_over = seat.has_enough and slowest >= seat.parts
        if is_over:
            seat.has_enough = False
        try:
            send_frame(seat.channel, {"is_over": is_over, "others_seconds": others})
        except OSError:
            seat.clear()
            return
        told = self._told(seat.channel, seat)
        if told is None:
            seat.clear()
            return
        seat.seconds = told["seconds"]
        if told["is_enough"] and not seat.has_enough:
            seat.has_enough = True
            seat.parts += 1

    def _told(self, channel: socket.socket, seat: _Seat | None = None) -> dict[str, Any] | None:
        """The next message of a process; None when it has ended, or everything has."""
        while not self._closed.is_set() and (seat is None or seat.is_expected):
            try:
                channel.recv(1, socket.MSG_PEEK)
            except TimeoutError:
                continue
            except OSError:
                return None
            channel.settimeout(None)
            try:
                return receive_frame(channel)
            except OSError:
                return None
            finally:
                channel.settimeout(_POLL_SECONDS)
        return None


class _Seat:
    """One place: who sits there, and how far it has come."""

    def __init__(self) -> None:
        self.is_expected = True
        self.channel: socket.socket | None = None
        self.seconds = 0.0
        """CPU time that its process has used, as far as it has told."""
        self.seconds_before = 0.0
        """What those before it used that sat here."""
        self.has_enough = False
        """Of the part it is in."""
        self.parts = 0
        """Of which it has enough."""

    def seat(self, channel: socket.socket, seconds: float) -> None:
        self.clear()
        self.channel, self.seconds = channel, seconds

    def clear(self) -> None:
        """Nobody sits there now; a process that is started again begins anew."""
        self.has_enough, self.parts = False, 0
        self.seconds_before, self.seconds = self.seconds_before + self.seconds, 0.0
        if self.channel is not None:
            self.channel.close()
            self.channel = None
