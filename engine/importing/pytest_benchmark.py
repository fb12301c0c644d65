"""pytest-benchmark's JSON (--benchmark-json, --benchmark-save): seconds per round, with what `extra_info` says.

https://pytest-benchmark.readthedocs.io: which model a test measures is not in the file unless the test says so, in
`benchmark.extra_info` or its parameters, under the names of our own columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import InvalidValue
from engine.importing.table import RawTable, table_of_records


def is_pytest_benchmark(document: Any) -> bool:
    return isinstance(document, dict) and "machine_info" in document and isinstance(document.get("benchmarks"), list)


def table_of_pytest(document: Mapping[str, Any]) -> RawTable:
    """One row for each test; all rounds where they were saved (--benchmark-save-data), else the median of them."""
    machine = document.get("machine_info")
    about = _about(machine if isinstance(machine, dict) else {}, document.get("datetime"))
    records, places = [], []
    for number, test in enumerate(document["benchmarks"], 1):
        place = f"benchmarks[{number}]"
        if not isinstance(test, dict) or not isinstance(test.get("stats"), dict):
            raise InvalidValue(f"{place}: it has no stats.", field="file")
        stats = test["stats"]
        rounds = stats.get("data") or stats.get("median")
        told = {**_part(test, "params"), **_part(test, "extra_info")}
        records.append({**about, "note": test.get("fullname") or test.get("name"), "latency_s": rounds, **told})
        places.append(f"{place} {test.get('name', '')}".strip())
    return table_of_records(records, places)


def _about(machine: Mapping[str, Any], measured_at: Any) -> dict[str, Any]:
    cpu = _part(machine, "cpu")
    found = {
        "machine": machine.get("node"),
        "cpu": cpu.get("brand_raw") or machine.get("processor") or None,
        "cores": cpu.get("count"),
        "os": " ".join(str(machine[name]) for name in ("system", "release") if machine.get(name)) or None,
        "measured_at": measured_at,
    }
    return {name: value for name, value in found.items() if value is not None}


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}
