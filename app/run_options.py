"""From what stands in the start form to a run request, with one clear sentence for what cannot be one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from engine.catalog.weights import absolute_name
from engine.domain.against import parse_against
from engine.domain.budget import budget_text, parse_budget
from engine.domain.case import Precision, Workload
from engine.domain.model import Tier
from engine.domain.run import (
    MAX_BATCH_SIZE,
    MAX_NEW_TOKENS,
    MAX_PROCESSES,
    MAX_SEQUENCE_LENGTH,
    MAX_THREADS,
    MAX_TITLE,
    MAX_WORKERS,
    Protocol,
    RunRequest,
    SizeChoice,
    usual_processes,
)
from engine.errors import InvalidValue, UnknownName

PROGRESSIVE = "progressive"
INCREMENTAL = "incremental"
COLD = "cold"
COMPILED = "compile"
PINNED = "pin"
SIDE_BY_SIDE = "side-by-side"
_MOST_DIGITS = 9
QUERY_LISTS = ("models", "backends", "precisions", "workloads", "switches", "more_switches")
QUERY_TEXTS = (
    *("tier", "batch_sizes", "size", "sequence_length", "processes", "threads"),
    *("budget", "against", "new_tokens", "workers", "checkpoint", "attention", "title"),
)
"""Fields of the form that its address names."""

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The start form as it stands; anything empty is chosen for the user."""

    models: Sequence[str] = ()
    tier: str = Tier.CRITICAL
    backends: Sequence[str] = ()
    precisions: Sequence[str] = ()
    batch_sizes: str = ""
    """As typed, such as "1, 8, 32"."""
    workloads: Sequence[str] = ()
    size: str = SizeChoice.AUTO
    switches: Sequence[str] = (PROGRESSIVE, INCREMENTAL)
    processes: int | str | None = None
    sequence_length: int | str | None = None
    threads: int | str | None = None
    budget: str | None = None
    """As typed, such as "30m"."""
    against: str = ""
    """What differs in the second configuration of a run in pairs, such as precision=bf16; empty for one alone."""
    new_tokens: int | str | None = None
    """Stays in the form while another workload is chosen, and is then not asked for."""
    workers: int | str | None = None
    """Likewise."""
    checkpoint: str = ""
    """Hub id or folder; the model type is then found out, and the tier is not meant."""
    attention: str = ""
    """The library's implementation, such as sdpa; empty for the one that it chooses."""
    more_switches: Sequence[str] = ()
    title: str = ""

    def request(self) -> RunRequest:
        """Raises InvalidValue or UnknownName, which name the field, the value and the remedy."""
        checkpoint = self.checkpoint.strip()
        processes = whole_number(self.processes, "processes", "Processes per case", most=MAX_PROCESSES)
        workloads = _all_named(Workload, self.workloads, "workloads") or (Workload.INFERENCE,)
        new_tokens = whole_number(self.new_tokens, "new_tokens", "New tokens", most=MAX_NEW_TOKENS)
        workers = whole_number(self.workers, "workers", "Workers", most=MAX_WORKERS)
        against = parse_against(self.against) if self.against else None
        return RunRequest(
            models=tuple(self.models),
            tier=None if self.models or checkpoint else _named(Tier, self.tier, "tier"),
            backends=tuple(self.backends) or ("cpu",),
            precisions=_all_named(Precision, self.precisions, "precisions") or (Precision.FP32,),
            batch_sizes=parse_batch_sizes(self.batch_sizes),
            workloads=workloads,
            size=_named(SizeChoice, self.size, "size"),
            sequence_length=whole_number(
                self.sequence_length, "sequence_length", "Sequence length", most=MAX_SEQUENCE_LENGTH
            ),
            threads=whole_number(self.threads, "threads", "Threads", most=MAX_THREADS),
            checkpoint=absolute_name(checkpoint) if checkpoint else None,
            cold=COLD in self.switches,
            compiled=COMPILED in self.more_switches,
            attention=self.attention.strip() or None,
            against=against,
            new_tokens=new_tokens if Workload.GENERATION in workloads else None,
            workers=workers if Workload.CONCURRENCY in workloads else None,
            progressive=PROGRESSIVE in self.switches,
            incremental=INCREMENTAL in self.switches,
            budget_seconds=parse_budget(self.budget) if self.budget and self.budget.strip() else None,
            protocol=Protocol(
                processes=processes or usual_processes(against),
                pinned=PINNED in self.more_switches,
                side_by_side=SIDE_BY_SIDE in self.more_switches,
            ),
            title=_title(self.title),
        )

    @classmethod
    def nearest_to(cls, request: RunRequest) -> RunOptions:
        """The form that asks for `request`, but for what it has no fields for: compare what it asks for in turn."""
        protocol, processes = request.protocol, request.protocol.processes
        switches = {PROGRESSIVE: request.progressive, INCREMENTAL: request.incremental, COLD: request.cold}
        more = {COMPILED: request.compiled, PINNED: protocol.pinned, SIDE_BY_SIDE: protocol.side_by_side}
        return cls(
            models=request.models,
            tier=request.tier or Tier.CRITICAL,
            backends=request.backends,
            precisions=request.precisions,
            batch_sizes=",".join(map(str, request.batch_sizes)),
            workloads=request.workloads,
            size=request.size,
            switches=[name for name, is_on in switches.items() if is_on],
            processes=None if processes == usual_processes(request.against) else processes,
            sequence_length=request.sequence_length,
            threads=request.threads,
            budget=None if request.budget_seconds is None else budget_text(request.budget_seconds),
            against=request.against.text if request.against is not None else "",
            new_tokens=request.new_tokens,
            workers=request.workers,
            checkpoint=request.checkpoint or "",
            attention=request.attention or "",
            more_switches=[name for name, is_on in more.items() if is_on],
            title=request.title or "",
        )

    @property
    def address(self) -> str:
        """Live Runs with the form filled in like this; the tier is left out where models or a checkpoint are named."""
        lists = {name: ",".join(getattr(self, name)) for name in QUERY_LISTS}
        texts = {name: str(value) for name in QUERY_TEXTS if (value := getattr(self, name)) not in (None, "")}
        if self.models or self.checkpoint:
            texts.pop("tier", None)
        chosen = {name: value for name, value in {**lists, **texts}.items() if value or name == "switches"}
        return f"/live-runs?{urlencode(chosen, safe=',')}"


def parse_batch_sizes(text: str | None) -> tuple[int, ...]:
    """ "1, 8 32" -> (1, 8, 32): ascending, each once; empty -> (1, 8)."""
    words = [word for word in re.split(r"[\s,;]+", text or "") if word]
    sizes = []
    for word in words:
        if not _is_number(word) or not 1 <= int(word) <= MAX_BATCH_SIZE:
            raise InvalidValue(
                f"Batch size {word!r} is not a whole number from 1 to {MAX_BATCH_SIZE}; write them like 1, 8, 32.",
                field="batch_sizes",
            )
        sizes.append(int(word))
    return tuple(sorted(set(sizes))) or (1, 8)


def _title(text: str) -> str | None:
    title = text.strip()
    if len(title) > MAX_TITLE:
        raise InvalidValue(f"The title has {len(title)} characters; {MAX_TITLE} are the most.", field="title")
    return title or None


def whole_number(value: int | str | None, field: str, label: str, *, most: int | None = None) -> int | None:
    """A positive whole number up to `most`, or None where nothing is given; raises InvalidValue."""
    if value is None or str(value).strip() == "":
        return None
    text = str(value).strip()
    if not _is_number(text) or int(text) < 1:
        raise InvalidValue(f"{label} {text!r} is not a whole number of 1 or more; or leave it empty.", field=field)
    if most is not None and int(text) > most:
        raise InvalidValue(f"{label} {text!r} is more than {most}; give {most} or less.", field=field)
    return int(text)


def _all_named(kind: type[Choice], names: Sequence[str], field: str) -> tuple[Choice, ...]:
    return tuple(_named(kind, name, field) for name in names)


def _named(kind: type[Choice], name: str, field: str) -> Choice:
    """The member of `kind` called `name`; UnknownName lists them otherwise."""
    try:
        return kind(name)
    except ValueError:
        raise UnknownName(field.removesuffix("s"), name, [member.value for member in kind], field=field) from None


def _is_number(text: str) -> bool:
    """Plain digits, no more than any value here could have."""
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
