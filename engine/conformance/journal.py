"""What an examination has found so far, on disk: a process that is killed has still said how far it came."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.conformance.ended import Ended
from engine.domain.conformance import Verdict
from engine.domain.skillset_suite import Quantity, SuiteCheck, Unit, suite_check_of

_NAME = "journal.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of an examination, whether it came to its end or not."""

    ended: tuple[Ended, ...] = ()
    """The checks that ended, in their order."""
    under_way: SuiteCheck | None = None
    """The check that had begun and not ended."""
    begun_after: float | None = None
    """Seconds from the beginning of the examination to that of the check under way."""
    flops: int | None = None
    bytes_moved: int | None = None


class Journal:
    """Writes one line when a check begins and one when it ends, each in one piece and at once."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / _NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._started = time.monotonic()

    def begin(self, check: SuiteCheck) -> None:
        self._write({"begun": check, "after": time.monotonic() - self._started})

    def end(self, ended: Ended) -> None:
        self._write({"ended": asdict(ended)})

    def count(self, flops: int | None, bytes_moved: int | None) -> None:
        self._write({"flops": flops, "bytes_moved": bytes_moved})

    def close(self) -> None:
        os.close(self._file)

    def _write(self, entry: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(entry).encode() + b"\n")


def read_journal(folder: Path) -> Seen:
    """What the examination in `folder` wrote; nothing where it did not come to write."""
    ended: list[Ended] = []
    under_way: SuiteCheck | None = None
    begun_after: float | None = None
    counted: dict[str, int | None] = {}
    for entry in _entries(folder / _NAME):
        if "begun" in entry:
            under_way, begun_after = suite_check_of(entry["begun"]), entry["after"]
        elif "ended" in entry:
            ended.append(_ended(entry["ended"]))
            under_way = begun_after = None
        else:
            counted = entry
    return Seen(ended=tuple(ended), under_way=under_way, begun_after=begun_after, **counted)


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines[:-1]]  # what follows the last line's end is half a line


def _ended(data: dict[str, Any]) -> Ended:
    return Ended(
        **{
            **data,
            "check": suite_check_of(data["check"]),
            "verdict": Verdict(data["verdict"]),
            "measured": tuple(Quantity(**{**each, "unit": Unit(each["unit"])}) for each in data["measured"]),
        }
    )
