"""One process that serves, with many threads, under a parent that restarts nothing it cannot start.

The database has one owner and runs are supervised in memory, so there is exactly one worker. The address is taken
before anything else starts; the worker opens the database and makes the application, and when that is refused it says
why and everything ends with status 1.
"""

from __future__ import annotations

import errno
import logging
import os
import shlex
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import ThreadWorker

from app.access_rules import AccessRules, is_everywhere, is_loopback
from app.goodbyes import Goodbyes
from app.server_processes import STOP_SECONDS, StoppableWorker, StoppingParent
from app.unread_requests import LINE_BYTES
from engine.benchmarking.process_control import die_with_parent
from engine.config import Settings, StopPolicy
from engine.domain.key_secret import without_secrets
from engine.errors import AddressInUse, EngineError, InvalidValue

log = logging.getLogger(__name__)

THREADS = 192
"""Sockets hold one each (app.endpoints.live.MAX_SOCKETS); the rest answer requests."""
_OPEN_WARNING = (
    "Others can reach this server on {host}. Keys and figures travel as plain text: on a network that you do not "
    "trust, listen on loopback behind a proxy with TLS (docs/security.md)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    settings: Settings
    host: str = "127.0.0.1"
    port: int = 8050
    """0 takes any free port."""
    require_keys: bool = False
    """Also on loopback; elsewhere they are demanded anyway."""
    allow_hosts: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    requests_per_second: int | None = None
    open_browser: bool = False
    end_with_stdin: bool = False
    """Stop when standard input ends: whoever started the server holds its other end, and it ends with them."""
    token_digest: bytes | None = field(default=None, repr=False)
    """Of the one-time token of whoever started the server; see app.one_time_token."""
    first_run: bool = False
    """Start a first run when the database holds no result."""
    stop: StopPolicy = field(default_factory=StopPolicy)

    def rules(self, host: str, port: int) -> AccessRules:
        """Who gets in at the address that was taken. Raises InvalidValue."""
        named = () if is_loopback(host) or host == self.host.strip("[]") else (self.host.lower(),)
        return AccessRules(
            host=host,
            port=port,
            require_keys=self.require_keys,
            other_hosts=(*named, *self.allow_hosts),
            origins=self.allow_origins,
            requests_per_second=self.requests_per_second,
            token_digest=self.token_digest,
        )


@dataclass(slots=True)
class _Worker:
    """What the serving process holds; empty in its parent."""

    workbench: Any = None
    sockets: Any = None
    stopping: threading.Event | None = None
    """That of the application; None before there is one."""
    at_once: threading.Event = field(default_factory=threading.Event)
    """Set by the second signal: nothing is waited for any more."""
    stopper: threading.Thread | None = None


def serve(options: ServeOptions) -> int:
    """Serve until told to stop; the exit status. Says in one line why it cannot start: 2 wrong usage, else 1."""
    try:
        options.rules(options.host, options.port)
        listener = listen(options.host, options.port)
    except EngineError as error:
        print(f"{error.title}: {error.message}", file=sys.stderr)
        return 2 if isinstance(error, InvalidValue) else 1
    parent = os.getpid()
    try:
        _Server(options, listener).run()
    except SystemExit as stop:
        if os.getpid() != parent:
            raise  # the worker ends here too, and its status tells the parent why
        return 1 if stop.code not in (0, None) else 0
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises AddressInUse or InvalidValue with the remedy."""
    if not 0 <= port <= 65535:
        raise InvalidValue(f"Port {port} is not between 0 and 65535.", field="port")
    name = host.strip("[]")
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((name, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _cannot_listen(host, port, error) from error
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> EngineError:
    if error.errno == errno.EADDRINUSE:
        holder = _holder_of(port)
        return AddressInUse(
            f"Port {port} on {host} is taken{f' by {holder}' if holder else ''}. "
            f"Stop that one, or choose another port: --port {port + 1 if port < 65535 else 8050}",
            field="port",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return InvalidValue(f"No permission to listen on port {port}; choose one above 1023, such as --port 8050.")
    return InvalidValue(f"Cannot listen on {host} port {port}: {error.strerror}.", field="host")


def _holder_of(port: int) -> str | None:
    """The process that listens on `port`, when this user may see it."""
    import psutil

    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                command = " ".join(psutil.Process(connection.pid).cmdline())
                return f"process {connection.pid} ({command[:80]})"
    except psutil.Error:
        return None
    return None


class NoAdminKey(EngineError):
    """Keys are demanded of everybody, and nobody has one that may manage them."""

    title = "No admin key"


class ServerEnded(EngineError):
    """The process that served has ended, and whoever holds its only key could not use another one."""

    title = "The server ended"


def _first_key_command(options: ServeOptions, rules: AccessRules) -> str:
    where = "--require-keys was given" if is_loopback(rules.host) else f"{rules.host} can be reached by others"
    command = f"modeldyno keys create NAME --role admin --db-path {shlex.quote(str(options.settings.db_path))}"
    return f"{where}, and there is no key of an admin yet. Make one first: {command}"


def _nearest_name(host: str) -> str:
    """What a browser of this machine asks for."""
    if is_everywhere(host):
        host = "::1" if ":" in host else "127.0.0.1"
    return f"[{host}]" if ":" in host else host


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, options: ServeOptions, listener: socket.socket) -> None:
        self.options = options
        self.host, self.port = listener.getsockname()[:2]
        self.rules = options.rules(self.host, self.port)
        self.url = f"http://{_nearest_name(self.host)}:{self.port}"
        self.descriptor = listener.detach()  # gunicorn owns and closes it from here on
        self.held = _Worker()
        self.goodbyes = Goodbyes()
        self.is_first_worker = True
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": [f"fd://{self.descriptor}"],
            "workers": 1,
            "worker_class": StoppableWorker,
            "threads": THREADS,
            "timeout": 300,
            "graceful_timeout": STOP_SECONDS,
            "keepalive": 30,
            "limit_request_line": LINE_BYTES,
            "loglevel": "warning",
            "accesslog": None,
            "control_socket_disable": True,
            "proc_name": "modeldyno",
            "post_fork": self._begin_worker,
            "post_worker_init": self._announce,
            "worker_exit": self._close,
        }
        for name, value in settings.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)
        logging.getLogger("gunicorn.error").addFilter(_is_worth_saying)

    def load(self) -> Any:
        """Runs in the worker. What cannot be opened is said once, and ends the parent too."""
        _set_up_logging()
        try:
            return self._make_application()
        except EngineError as error:
            print(f"{error.title}: {error.message}", file=sys.stderr, flush=True)
            sys.exit(Arbiter.APP_LOAD_ERROR)

    def _make_application(self) -> Any:
        from app.endpoints import live
        from app.endpoints.health import STOPPING
        from app.server import create_app
        from engine.workflows.workbench import Workbench
        from engine.workloads.allocator import give_back_large_pieces

        if self.rules.token_digest is not None and not self.is_first_worker:
            raise ServerEnded(
                "The serving process was killed, and the key that was given for the one-time token ended with it. "
                "Start the server again with another token."
            )
        give_back_large_pieces()
        workbench = Workbench.open(self.options.settings)
        self.held.workbench = workbench
        if self.rules.demands_keys and self.rules.token_digest is None and not workbench.keys.has_admin():
            raise NoAdminKey(_first_key_command(self.options, self.rules))
        application = create_app(workbench, rules=self.rules)
        self.held.sockets = application.extensions[live.EXTENSION]
        self.held.stopping = application.extensions[STOPPING]
        workbench.database.announce(self.url)
        return application

    def run(self) -> None:
        StoppingParent(self).run()

    def begin_to_stop(self, then: Callable[[], None]) -> None:
        """Runs in the worker when it is told to stop, as often as that may be: first it says that it is not ready.

        Runs are ended while requests are still answered, so that whoever watches one sees what becomes of it; `then`
        ends the rest.
        """
        if self.held.stopping is None or self.held.workbench is None:  # nothing was opened yet
            then()
        elif self.held.stopper is None:
            self.held.stopping.set()
            self.held.stopper = threading.Thread(target=self._stop, args=(then,), name="stopping", daemon=True)
            self.held.stopper.start()

    def _stop(self, then: Callable[[], None]) -> None:
        try:
            self.held.workbench.stop_work(self.options.stop, self.held.at_once)
        finally:
            self.held.sockets.stopping.set()  # an open socket must not hold the end up
            then()

    def _begin_worker(self, arbiter: Arbiter, worker: ThreadWorker) -> None:
        """Runs in the worker: one without its parent would keep the address from the next server."""
        die_with_parent(arbiter.pid)
        self.is_first_worker = worker.age == 1

    def _announce(self, worker: ThreadWorker) -> None:
        if not is_loopback(self.host):
            print(_OPEN_WARNING.format(host=self.host), file=sys.stderr, flush=True)
        print(f"ModelDyno is at {self.url} (database {self.options.settings.db_path}). Ctrl-C stops it.", flush=True)
        if self.options.end_with_stdin:
            threading.Thread(target=_stop_after_stdin, args=(worker.ppid,), name="stdin", daemon=True).start()
        if self.options.first_run:
            threading.Thread(
                target=_start_first_run, args=(self.held.workbench,), name="first-run", daemon=True
            ).start()
        if self.options.open_browser:
            threading.Thread(target=_open_browser, args=(self.url,), name="browser", daemon=True).start()

    def _close(self, arbiter: Arbiter, worker: ThreadWorker) -> None:
        if self.held.sockets is not None:
            self.held.sockets.stopping.set()
        workbench, self.held.workbench = self.held.workbench, None
        if workbench is not None:
            workbench.close()


def _stop_after_stdin(parent_pid: int) -> None:
    """Runs in the worker, because a process with threads does not fork well. What is said there is not heard."""
    with suppress(OSError):  # nobody can hold the other end of what cannot be read
        while os.read(0, 4096):
            pass
    if os.getppid() == parent_pid:
        os.kill(parent_pid, signal.SIGTERM)


def _start_first_run(workbench: Any) -> None:
    from engine.domain.result import ResultFilter
    from engine.storage import results
    from engine.workflows.first_run_request import first_run_request

    try:
        with workbench.database.cursor() as cursor:
            if results.count(cursor, ResultFilter()):
                return
        workbench.supervisor.submit(first_run_request(workbench))
    except EngineError as error:
        log.error("The first run could not start: %s", error.message)


def _open_browser(url: str) -> None:
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        log.info("No display here; open %s yourself.", url)
        return
    try:
        webbrowser.open(url)
    except (webbrowser.Error, OSError) as error:
        log.warning("No browser could be opened (%s); open %s yourself.", error, url)


def _set_up_logging() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SecretlessFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")))
    logging.basicConfig(level=os.environ.get("MODELDYNO_LOG_LEVEL", "WARNING").upper(), handlers=[handler])
    for existing in logging.getLogger("gunicorn.error").handlers:
        existing.setFormatter(SecretlessFormatter(existing.formatter or logging.Formatter()))


class SecretlessFormatter(logging.Formatter):
    """Another's lines, tracebacks included, with API keys struck out: an exception may quote what a client sent."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(self._inner.format(record))


def _is_worth_saying(record: logging.LogRecord) -> bool:
    """Drops gunicorn's own words about a worker that has already said why it cannot start, and its traceback of each
    client that keeps silent in the middle of a request."""
    if record.exc_info and isinstance(record.exc_info[1], BlockingIOError):
        return False
    text = record.getMessage()
    said = (f"exited with code {Arbiter.APP_LOAD_ERROR}", "App failed to load", "Shutting down: ")
    return not any(words in text for words in said)
