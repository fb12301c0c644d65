"""Bring in measurements that were made elsewhere: a whole file or nothing of it."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from engine.domain.case import Case
from engine.domain.hardware import Environment
from engine.domain.imported import ForeignMachine, ImportedFile, ImportedRow
from engine.domain.result import Provenance, Result, ResultStatus
from engine.domain.run import MAX_PROCESSES, Plan, PlannedCase, Protocol, RunRequest, RunStatus
from engine.errors import Conflict, InvalidValue
from engine.importing import optimum_benchmark, pytest_benchmark
from engine.importing.interpret import interpret
from engine.importing.named_models import NamedModels
from engine.importing.table import MOST_ROWS, RawTable, parse_json, table_of_csv, table_of_json, table_of_records
from engine.storage import environments, imports, results, runs
from engine.storage.parquet_file import read_parquet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from engine.workflows.workbench import Workbench

MOST_BYTES = 256 * 2**20
_NOT_TOLD = "not told"


class Format(StrEnum):
    AUTO = "auto"
    """By the name's ending, and for JSON by what is in it."""
    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"
    OPTIMUM_BENCHMARK = "optimum-benchmark"
    PYTEST_BENCHMARK = "pytest-benchmark"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRun:
    """What one machine of the file came to."""

    environment: Environment
    results: int
    run_id: str | None
    """None as long as nothing is stored."""
    number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    file: ImportedFile
    runs: tuple[ImportedRun, ...]
    is_stored: bool
    remarks: tuple[str, ...] = ()
    """What of the file was taken for what, and what was left, in sentences; each result keeps them as notes."""


def import_measurements(
    workbench: Workbench,
    path: Path,
    *,
    format: Format = Format.AUTO,
    source: str | None = None,
    mapping: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
    models: Path | None = None,
    dry_run: bool = False,
) -> ImportOutcome:
    """Every row of the file as a result, in one run for each machine that it names.

    Raises InvalidValue with the lines at fault, or Conflict for a file that was imported before; then nothing of it is
    stored. `models` is a JSON file that tells the types of names in this one. With `dry_run` all is checked.
    """
    content = _bytes_of(path)
    sha256 = hashlib.sha256(content).hexdigest()
    _refuse_known(workbench, path, sha256)
    try:
        chosen, table = _table_of(path, content, format, constants or {})
        described = {} if models is None else _described(models)
        rows = interpret(table, NamedModels(workbench.catalog, described), mapping=mapping, constants=constants)
    except InvalidValue as error:
        raise InvalidValue(f"{path.name}: {error.message} Nothing of it was stored.", field=error.field) from error
    file = ImportedFile(
        import_id=uuid4().hex[:12],
        source=source or path.name,
        file_name=path.name,
        file_sha256=sha256,
        format=chosen.value,
        results=len(rows),
        imported_by=_who(),
        imported_at=datetime.now(UTC),
    )
    machines = _by_machine(rows, file.source)
    if dry_run:
        seen = [ImportedRun(environment=e, results=len(found), run_id=None, number=None) for e, found in machines]
        return ImportOutcome(file=file, runs=tuple(seen), is_stored=False, remarks=table.remarks)
    stored = workbench.database.write(lambda cursor: _store(cursor, file, machines, table.remarks))
    return ImportOutcome(file=file, runs=tuple(stored), is_stored=True, remarks=table.remarks)


def _by_machine(rows: Sequence[ImportedRow], source: str) -> list[tuple[Environment, list[ImportedRow]]]:
    """In the order in which the machines are first named."""
    found: dict[str, tuple[Environment, list[ImportedRow]]] = {}
    for row in rows:
        environment = environment_of(row.machine, source)
        found.setdefault(environment.environment_id, (environment, []))[1].append(row)
    return list(found.values())


def environment_of(machine: ForeignMachine, source: str) -> Environment:
    """An environment of its own for what a source tells of a machine: never the same as one that was measured on."""
    told = json.dumps({**asdict(machine), "source": source}, sort_keys=True)
    return Environment(
        environment_id=hashlib.sha256(told.encode()).hexdigest()[:16],
        hostname=machine.hostname or _NOT_TOLD,
        os=machine.os or _NOT_TOLD,
        cpu=machine.cpu or _NOT_TOLD,
        architecture=machine.architecture or _NOT_TOLD,
        physical_cores=None,
        logical_cores=machine.cores,
        memory_bytes=machine.memory_bytes,
        python=machine.python or _NOT_TOLD,
        libraries=dict(machine.libraries),
        accelerators=() if machine.device is None else (machine.device,),
        source=source,
    )


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidValue(f"{path} is larger than {MOST_BYTES // 2**20} MiB; split it.", field="file")
        return path.read_bytes()
    except OSError as error:
        raise InvalidValue(f"{path} cannot be read ({error.strerror or error}).", field="file") from error


def _refuse_known(workbench: Workbench, path: Path, sha256: str) -> None:
    with workbench.database.cursor() as cursor:
        known = imports.with_content(cursor, sha256)
    if known is not None:
        file, numbers = known
        raise Conflict(
            f"{path.name} was imported before: on {file.imported_at:%Y-%m-%d} as {file.file_name} from {file.source}, "
            f"{'runs' if len(numbers) > 1 else 'run'} {', '.join(map(str, numbers))}. Nothing was changed."
        )


def _table_of(path: Path, content: bytes, format: Format, constants: Mapping[str, str]) -> tuple[Format, RawTable]:
    """The format that it turned out to be, and its rows."""
    kind = path.suffix.casefold()
    if format is Format.PARQUET or (format is Format.AUTO and kind in (".parquet", ".pq")):
        rows = read_parquet(content, name=path.name, most=MOST_ROWS)
        return Format.PARQUET, table_of_records(rows, [f"row {number}" for number in range(1, len(rows) + 1)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidValue(f"line {line}: it is not UTF-8 ({error.reason}); save it as UTF-8.", field="file") from error
    if format is Format.CSV or (format is Format.AUTO and kind in (".csv", ".tsv", ".txt")):
        return Format.CSV, table_of_csv(text)
    if format is Format.AUTO and kind != ".json":
        raise InvalidValue(
            f"What form {path.name} has is not known by its ending; say it with --format.", field="format"
        )
    document = parse_json(text)
    if format is Format.PYTEST_BENCHMARK or (format is Format.AUTO and pytest_benchmark.is_pytest_benchmark(document)):
        if not pytest_benchmark.is_pytest_benchmark(document):
            raise InvalidValue(
                "It is no JSON of pytest-benchmark: it has no machine_info and benchmarks.", field="file"
            )
        return Format.PYTEST_BENCHMARK, pytest_benchmark.table_of_pytest(document)
    if format is Format.OPTIMUM_BENCHMARK or (
        format is Format.AUTO and optimum_benchmark.is_optimum_benchmark(document)
    ):
        if not isinstance(document, dict):
            raise InvalidValue("It is no JSON of optimum-benchmark: it is no object.", field="file")
        beside = path.parent / optimum_benchmark.CONFIG_FILE
        needed = optimum_benchmark.needs_config(document) and beside.is_file()
        config = parse_json(_bytes_of(beside).decode("utf-8", "replace")) if needed else None
        return Format.OPTIMUM_BENCHMARK, optimum_benchmark.table_of_optimum(document, config, said=constants)
    return Format.JSON, table_of_json(document)


def _described(path: Path) -> Mapping[str, Any]:
    try:
        found = parse_json(_bytes_of(path).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidValue(f"--models {path} is not UTF-8.", field="models") from error
    if not isinstance(found, dict):
        raise InvalidValue(f'--models {path} is no object; write {{"name": {{"model_type": "bert"}}}}.', field="models")
    return found


def _store(
    cursor: DuckDBPyConnection,
    file: ImportedFile,
    machines: Sequence[tuple[Environment, Sequence[ImportedRow]]],
    remarks: Sequence[str],
) -> list[ImportedRun]:
    """All of it in the transaction that `cursor` is in."""
    stored = []
    for environment, rows in machines:
        environments.save(cursor, environment)
        run = runs.create(cursor, _request(file, rows), environment.environment_id)
        made = _results(file, rows, remarks, run.run_id, environment)
        planned = tuple(PlannedCase(case=result.case, repetition=result.repetition) for result in made)
        runs.save_plan(cursor, run.run_id, Plan(planned=planned, skipped=()))
        for result in made:
            results.save(cursor, result)
        runs.set_status(cursor, run.run_id, RunStatus.COMPLETED, at=file.imported_at)
        stored.append(ImportedRun(environment=environment, results=len(made), run_id=run.run_id, number=run.number))
    imports.save(cursor, file, [run.run_id for run in stored if run.run_id is not None])
    return stored


def _request(file: ImportedFile, rows: Sequence[ImportedRow]) -> RunRequest:
    """What a run that measured the same would have asked for."""
    cases = [row.case for row in rows]
    repeated = max(Counter(cases).values())
    return RunRequest(
        models=tuple(dict.fromkeys(case.model for case in cases)),
        backends=tuple(dict.fromkeys(case.backend for case in cases)),
        precisions=tuple(dict.fromkeys(case.precision for case in cases)),
        batch_sizes=tuple(sorted({case.batch_size for case in cases})),
        workloads=tuple(dict.fromkeys(case.workload for case in cases)),
        protocol=Protocol(processes=min(repeated, MAX_PROCESSES)),
        title=f"Imported from {file.source}"[:200],
    )


def _results(
    file: ImportedFile, rows: Sequence[ImportedRow], remarks: Sequence[str], run_id: str, environment: Environment
) -> list[Result]:
    """A case that the file has several times is repeated in the order of its rows."""
    times: Counter[Case] = Counter()
    found = []
    for row in rows:
        undated = () if row.measured_at else ("When it was measured is not told; the time is that of the import.",)
        told = (row.note,) if row.note else ()
        found.append(
            Result(
                result_id=uuid4().hex,
                run_id=run_id,
                case=row.case,
                repetition=times[row.case],
                status=ResultStatus.COMPLETED,
                provenance=Provenance.IMPORTED,
                environment_id=environment.environment_id,
                requested_backend=row.case.backend,
                actual_device=row.machine.device or row.case.backend,
                started_at=row.measured_at or file.imported_at,
                duration_seconds=0.0,
                measurements=row.measurements,
                notes=(f"Imported from {file.source}: {file.file_name}, {row.place}.", *undated, *told, *remarks),
            )
        )
        times[row.case] += 1
    return found


def _who() -> str:
    """The user's name on this machine; what has none, such as a bare container, is told by its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
