"""The two processes of a server: a parent that is told to stop, and the worker that serves and waits for no client."""

from __future__ import annotations

import signal
import socket
import struct
import time
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.arbiter import Arbiter
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker

from app import unread_requests
from engine.config import OnStop

REQUEST_SECONDS = 15
"""How long a client may keep silent in the middle of a request: each holds one of the threads."""
STOP_SECONDS = 10
"""How long requests under way may take to finish once runs have ended."""
_ENDING_SECONDS = 2.0 * STOP_SECONDS
"""How long all but the finishing of runs may take, until the worker is killed."""
_SAME_TELLING_SECONDS = 0.5
"""A signal so soon after the first is not a second one: some programs send theirs to the process and to its group."""
_LOOK_SECONDS = 0.05


class StoppingParent(Arbiter):  # type: ignore[misc]
    """Tells the worker to stop and waits as long as its runs may take; it alone counts how often it was told itself.

    Ctrl-C reaches both processes and a service manager may tell each of them, so the worker cannot count.
    """

    def handle_int(self) -> None:
        raise StopIteration

    def stop(self, graceful: bool = True) -> None:
        if graceful:
            self._wait_for_workers()
        super().stop(graceful)

    def _wait_for_workers(self) -> None:
        policy = self.app.options.stop
        began = time.monotonic()
        limit = began + (policy.seconds if policy.on_stop is OnStop.FINISH else 0.0) + _ENDING_SECONDS
        self.kill_workers(signal.SIGTERM)
        while self.WORKERS and time.monotonic() < limit:
            if self._is_told_to_stop() and time.monotonic() - began > _SAME_TELLING_SECONDS:
                self.kill_workers(signal.SIGQUIT)
                limit = min(limit, time.monotonic() + _ENDING_SECONDS)
            self.reap_workers()
            time.sleep(_LOOK_SECONDS)

    def _is_told_to_stop(self) -> bool:
        """Whether a signal to stop has come since this was asked last."""
        told = False
        while not self.SIG_QUEUE.empty():
            told |= self.SIG_QUEUE.get_nowait() in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
        return told


class StoppableWorker(ThreadWorker):  # type: ignore[misc]
    """Ends its runs before it ends itself; SIGQUIT, which its parent sends, hurries it.

    It waits for no client: not for the rest of a request for longer than a while, and not for a goodbye.
    """

    def handle(self, conn: Any) -> Any:
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", REQUEST_SECONDS, 0))
        return super().handle(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """What is no HTTP never comes to the application, but is answered in the same form."""
        if not unread_requests.is_unreadable(exc):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("A request of %s could not be read: %s", (addr or ("a local client",))[0], type(exc).__name__)
        try:
            util.write_nonblock(client, unread_requests.answer(exc))
        except OSError:
            self.log.debug("It was not waiting for the answer.")

    def _keepalive_after(self, conn: Any, keepalive: Any) -> bool:
        """What cannot be read after an answer ends the connection: a second answer would pass for the next one's."""
        try:
            return bool(super()._keepalive_after(conn, keepalive))
        except ParseException:
            return False

    def finish_request(self, conn: Any, fs: Any) -> None:
        """A goodbye is not waited for on this thread, which lets others in.

        A connection that is kept comes here after each of its requests: what closes it is replaced anew, not wrapped.
        """
        conn.close = partial(self._close, conn)
        super().finish_request(conn, fs)

    def _close(self, conn: Any, graceful: bool = False) -> None:
        def close(may_be_graceful: bool) -> None:
            type(conn).close(conn, graceful=may_be_graceful)

        if graceful:
            self.app.goodbyes.say(close)
        else:
            close(False)

    def init_signals(self) -> None:
        super().init_signals()
        signal.signal(signal.SIGINT, self.handle_exit)

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.app.begin_to_stop(partial(super().handle_exit, sig, frame))

    def handle_quit(self, sig: int, frame: Any) -> None:
        self.app.held.at_once.set()
        self.handle_exit(sig, frame)
