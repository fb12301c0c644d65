"""Which other programs compute on the NVIDIA GPU that a case runs on."""

from __future__ import annotations

import os
from collections.abc import Callable

from engine.backends.nvml import Nvml, NvmlRefusal, load_nvml


class GpuWatch:
    """Made before the case's process touches a GPU, asked just after the measurement."""

    def __init__(self, library: Callable[[], Nvml] = load_nvml, is_own: Callable[[int], bool] | None = None) -> None:
        """`is_own` says of a process id whether it belongs to the case; left out: whether it is of this session."""
        self._library = library
        self._is_own = is_own or of_this_session
        self._before = {
            board: {pid for pid in pids if not self._is_own(pid)} for board, pids in _by_board(library).items()
        }

    def others(self, board: str | None, *, computes: bool) -> int:
        """Programs seen on the board before or after that do not belong to the case. Raises NvmlRefusal.

        `computes` says that this process does at this moment. Inside a container the driver may list it by an id that
        it does not know itself: then one of the ids that came meanwhile is its own.
        """
        if board is None:
            raise NvmlRefusal("torch does not tell which board it uses")
        now = set(self._library().computing(board))
        before = self._before.get(board, set())
        own = {pid for pid in now if self._is_own(pid)}
        others = (before | now) - own
        is_listed_by_another_id = computes and not own and bool(now - before)
        return len(others) - int(is_listed_by_another_id)


def programs_on_all_gpus(library: Callable[[], Nvml] = load_nvml) -> int | None:
    """Programs that compute on any NVIDIA GPU, for a look before anything is measured; None where nobody can tell."""
    found = _by_board(library)
    return len(set().union(*found.values())) if found else None


def of_this_session(pid: int) -> bool:
    """Whether the process belongs to the session of this one: a case's process leads its own, its workers in it."""
    try:
        return os.getsid(pid) == os.getsid(0)
    except OSError:
        return False


def _by_board(library: Callable[[], Nvml]) -> dict[str, set[int]]:
    """Ids of computing processes by the board's UUID; a board that does not tell is left out."""
    found: dict[str, set[int]] = {}
    try:
        nvml = library()
        boards = nvml.boards()
    except NvmlRefusal:
        return found
    for board in boards:
        try:
            found[board] = set(nvml.computing(board))
        except NvmlRefusal:
            continue
    return found
