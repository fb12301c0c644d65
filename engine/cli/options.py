"""Options that several commands share, and how their text becomes values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.config import Settings
from engine.domain.against import parse_against
from engine.domain.budget import parse_budget
from engine.domain.case import Precision, Workload
from engine.domain.model import Tier
from engine.domain.run import MAX_BATCH_SIZE
from engine.errors import EngineError, InvalidValue

Command = Callable[..., Any]
Choice = TypeVar("Choice", bound=StrEnum)

PRIORITIES = (*(tier.value for tier in Tier), "all")
TYPES_BY_OTHER_NAMES = {
    "both": (Workload.STARTUP, Workload.CONCURRENCY),
    "throughput": (Workload.CONCURRENCY,),
}
"""What scripts written for earlier tools call a workload, or two at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What every command is told about where things lie and how to speak."""

    db_path: Path | None = None
    skillset_dir: Path | None = None
    benchmark_dir: Path | None = None
    server: str | None = None
    as_json: bool = False
    quiet: bool = False

    def settings(self) -> Settings:
        return Settings.load(home=self.benchmark_dir, db_path=self.db_path, skillset_dir=self.skillset_dir)

    def refuse_server(self, command: str, instead: str = "") -> None:
        """For commands that no endpoint carries out; `instead` is a sentence on how to do without."""
        if self.server is not None:
            raise click.UsageError(
                f"`{command}` works on this machine's own files; --server is understood by benchmark, generate, test, "
                f"results, query, export report, hardware, catalog and keys. {instead}".rstrip()
            )


def common_options(command: Command) -> Command:
    """Adds the options of every command and hands them over as one `common` value."""
    return _with_common(command, offers_server=True)


def local_options(command: Command) -> Command:
    """The same for a command that no endpoint carries out: it knows --server only to refuse it in plain words."""
    return _with_common(command, offers_server=False)


def _with_common(command: Command, *, offers_server: bool) -> Command:
    @click.option(
        "--db-path", type=click.Path(path_type=Path), help="Database file. [default: modeldyno.duckdb at home]"
    )
    @click.option("--skillset-dir", type=click.Path(path_type=Path), help="Folder of skillsets. [default: under home]")
    @click.option(
        "--benchmark-dir",
        type=click.Path(path_type=Path),
        help="Home folder of database, skillsets and reports. [default: $MODELDYNO_HOME, else data/ of a checkout]",
    )
    @click.option(
        "--server",
        metavar="URL",
        hidden=not offers_server,
        help="Let the server at URL do it, which owns the database.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print JSON to standard output.")
    @click.option("--quiet", is_flag=True, help="No progress on standard error, only errors.")
    @wraps(command)
    def with_common(
        db_path: Path | None,
        skillset_dir: Path | None,
        benchmark_dir: Path | None,
        server: str | None,
        as_json: bool,
        quiet: bool,
        **given: Any,
    ) -> Any:
        common = Common(
            db_path=db_path,
            skillset_dir=skillset_dir,
            benchmark_dir=benchmark_dir,
            server=server,
            as_json=as_json,
            quiet=quiet,
        )
        return command(common=common, **given)

    return with_common


def model_options(command: Command) -> Command:
    """--model and --priority."""
    for option in (
        click.option(
            "--priority",
            type=click.Choice(PRIORITIES),
            help="Tier of model types; each includes those before it. [default: critical, unless --model is given]",
        ),
        click.option(
            "--model",
            "models",
            multiple=True,
            metavar="NAME",
            help="Model type, such as bert, or published checkpoint, such as bert-large-uncased; may be repeated.",
        ),
    ):
        command = option(command)
    return command


def tier_of(priority: str | None) -> Tier | None:
    """`all` is the last tier, which includes the others."""
    if priority is None:
        return None
    return Tier.LOW if priority == "all" else Tier(priority)


class Listed(click.ParamType):  # type: ignore[type-arg]  # before click 8.4 it takes no argument
    """Several values in one option, separated by commas."""

    def __init__(self, name: str, parse: Callable[[str], Any], *, flat: bool = False) -> None:
        """`flat`: a word may stand for several values, and `parse` returns a tuple of them."""
        self.name = name
        self._parse = parse if flat else lambda word: (parse(word),)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        words = [word.strip() for word in str(value).split(",") if word.strip()]
        if not words:
            self.fail("Give at least one value.", param, ctx)
        try:
            return tuple(dict.fromkeys(value for word in words for value in self._parse(word)))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Budget(click.ParamType):  # type: ignore[type-arg]  # before click 8.4 it takes no argument
    """A length of time such as 30m, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return parse_budget(str(value))
        except InvalidValue as error:
            self.fail(error.message, param, ctx)


class Differences(click.ParamType):  # type: ignore[type-arg]  # as above
    """The second configuration of a run in pairs."""

    name = "differences"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return parse_against(value)
        except EngineError as error:
            self.fail(error.message, param, ctx)


def parse_batch_size(text: str) -> int:
    """A whole number from 1; raises ValueError with a sentence."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_BATCH_SIZE:
        raise ValueError(
            f"Batch size {text!r} is not a whole number from 1 to {MAX_BATCH_SIZE}; write sizes like 1,8,32."
        )
    return int(text)


def parse_workload(text: str) -> tuple[Workload, ...]:
    """The workload of this name, or those that another name means; raises ValueError with a sentence."""
    return TYPES_BY_OTHER_NAMES[text] if text in TYPES_BY_OTHER_NAMES else (_chosen(Workload, text, "type"),)


def parse_precision(text: str) -> Precision:
    return _chosen(Precision, text, "precision")


def _chosen(kind: type[Choice], text: str, what: str) -> Choice:
    known: Iterable[str] = [member.value for member in kind]
    if text not in known:
        raise ValueError(f"Unknown {what} {text!r}. Choose from: {', '.join(known)}.")
    return kind(text)


BUDGET = Budget()
BACKEND_LIST = Listed("backends", str)
PRECISION_LIST = Listed("precisions", parse_precision)
BATCH_SIZE_LIST = Listed("batch sizes", parse_batch_size)
WORKLOAD_LIST = Listed("types", parse_workload, flat=True)
AGAINST = Differences()
