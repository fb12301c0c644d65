"""What is stored comes back equal, to the last bit."""

from __future__ import annotations

import json
import math
import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from engine.domain.case import Precision, Workload
from engine.domain.hardware import MachineState
from engine.domain.measurement import Measurement, Metric
from engine.domain.model import Family, Size, Tier
from engine.domain.result import FailureKind, Provenance, ResultFilter, ResultStatus
from engine.domain.run import Plan, PlannedCase, Protocol, RunRequest, SizeChoice
from engine.domain.skillset import GenerationStatus
from engine.errors import Conflict, NotFound
from engine.storage import environments, facts, reports, results, runs, skillsets
from tests.builders import (
    a_case,
    a_failure,
    a_machine_state,
    a_plan,
    a_request,
    a_result,
    a_skillset,
    a_skipped_case,
    a_stored_report,
    an_environment,
    some_facts,
)

AWKWARD_FLOATS = (0.1, 1 / 3, 5e-324, sys.float_info.max, sys.float_info.min, 1.0, 1e22, 123456789.123456789, -0.0)
AWKWARD_TEXT = "a 'quoted' \"text\" with \n lines, \\ back, NUL-free, % $1 {x}, ümlaut, 漢字, 🙂"


def _stored(database, result):
    database.write(lambda cursor: results.save(cursor, result))
    with database.cursor() as cursor:
        (found,) = results.find(cursor, ResultFilter(include_simulated=True))
    return found


def test_a_completed_result(database):
    result = a_result(notes=("noisy", AWKWARD_TEXT))
    assert _stored(database, result) == result


def test_every_option_of_a_case(database):
    case = a_case(
        workload=Workload.GENERATION,
        precision=Precision.INT4,
        new_tokens=8,
        workers=3,
        compiled=True,
        attention="eager",
        checkpoint="/models/it's mine",
        checkpoint_digest="0a" * 32,
    )
    assert _stored(database, a_result(case)).case == case


def test_samples_keep_every_bit(database):
    drawn = random.Random(7)
    samples = (*AWKWARD_FLOATS, *(drawn.random() * 10 ** drawn.randint(-300, 300) for _ in range(5000)))
    result = a_result(measurements=(Measurement(metric=Metric.LATENCY, samples=samples),))
    (found,) = _stored(database, result).measurements
    assert [value.hex() for value in found.samples] == [value.hex() for value in samples]


def test_samples_that_are_no_finite_number_survive(database):
    result = a_result(measurements=(Measurement(metric=Metric.LATENCY, samples=(math.inf, -math.inf, math.nan)),))
    (found,) = _stored(database, result).measurements
    assert found.samples[:2] == (math.inf, -math.inf)
    assert math.isnan(found.samples[2])


def test_every_metric_in_the_order_given(database):
    measurements = tuple(
        Measurement(metric=metric, samples=(index + 0.5,)) for index, metric in enumerate(reversed(list(Metric)))
    )
    result = a_result(measurements=measurements)
    assert _stored(database, result).measurements == measurements


@pytest.mark.parametrize("kind", list(FailureKind))
@pytest.mark.parametrize("status", [ResultStatus.FAILED, ResultStatus.SKIPPED, ResultStatus.CANCELLED])
def test_a_result_that_is_not_completed(database, kind, status):
    result = a_result(
        status=status, failure=a_failure(kind, AWKWARD_TEXT, "Traceback\n" * 200), machine=None, skillset_checksum=None
    )
    assert _stored(database, result) == result


def test_a_result_with_every_field_of_its_case(database):
    case = a_case(
        "clip",
        size=Size.TINY,
        backend="cuda",
        precision=Precision.BF16,
        batch_size=4096,
        workload=Workload.STARTUP,
        sequence_length=16,
        image_size=32,
        threads=3,
        cold=True,
    )
    result = a_result(
        case,
        repetition=11,
        requested_backend="cuda",
        actual_device="cpu",
        provenance=Provenance.SIMULATED,
        facts=some_facts(flops=None, parameters=2**62),
        machine=MachineState(
            load_1min=0.1,
            cpu_busy_others=None,
            cpu_steal=None,
            frequency_hertz=None,
            available_memory_bytes=2**40,
        ),
    )
    assert _stored(database, result) == result


def test_a_machine_that_told_everything_keeps_it(database):
    told = {"governor": "powersave", "boost": True, "temperature_celsius": 61.5, "throttled": False}
    machine = a_machine_state(**told, other_gpu_processes=2)
    assert _stored(database, a_result(machine=machine)).machine == machine


def test_the_machine_of_a_result_of_an_earlier_release_still_reads(database):
    result = a_result()
    _stored(database, result)
    earlier = {"load_1min": 0.5, "cpu_busy_others": 0.1, "cpu_steal": 0.0, "frequency_hertz": None}
    text = json.dumps(earlier | {"available_memory_bytes": 2**30})
    database.write(lambda cursor: cursor.execute("update result set machine = $text", {"text": text}))
    with database.cursor() as cursor:
        (found,) = results.find(cursor, ResultFilter())
    assert found.machine == MachineState(**earlier, available_memory_bytes=2**30)
    assert (found.machine.governor, found.machine.throttled) == (None, None)


def test_times_keep_their_microseconds_and_become_utc(database):
    at = datetime(2026, 7, 1, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    found = _stored(database, a_result(started_at=at))
    assert found.started_at == at
    assert found.started_at.tzinfo is UTC


def test_a_time_before_1970_and_one_far_ahead(database):
    for year in (1969, 2400):
        at = datetime(year, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
        database.write(lambda cursor, at=at: results.save(cursor, a_result(result_id=str(at), started_at=at)))
    with database.cursor() as cursor:
        assert [found.started_at.year for found in results.find(cursor, ResultFilter())] == [2400, 1969]


def test_the_same_result_twice_is_a_conflict_and_changes_nothing(database):
    database.write(lambda cursor: results.save(cursor, a_result()))
    with pytest.raises(Conflict, match="already stored"):
        database.write(lambda cursor: results.save(cursor, a_result()))
    with database.cursor() as cursor:
        assert results.find(cursor, ResultFilter()) == [a_result()]


def test_a_request_with_every_field(database):
    request = RunRequest(
        models=("bert", AWKWARD_TEXT),
        tier=Tier.HIGH,
        backends=("cpu", "openvino"),
        precisions=(Precision.FP32, Precision.INT8),
        batch_sizes=(1, 4096),
        workloads=(Workload.STARTUP, Workload.INFERENCE),
        size=SizeChoice.TINY,
        sequence_length=77,
        threads=2,
        cold=True,
        progressive=False,
        incremental=True,
        budget_seconds=0.1 + 1800.2,
        protocol=Protocol(processes=7, warmup=0, max_seconds=0.1 + 0.2, target_relative_halfwidth=1 / 3),
        title=AWKWARD_TEXT,
    )
    run = database.write(lambda cursor: runs.create(cursor, request, "env"))
    with database.cursor() as cursor:
        assert runs.get(cursor, run.run_id) == run
    assert run.request == request


def test_a_plan_with_skipped_cases_and_unknown_durations(database):
    run = database.write(lambda cursor: runs.create(cursor, a_request(), "env"))
    plan = Plan(
        planned=(*a_plan(a_case(), a_case("vit")).planned, PlannedCase(case=a_case("t5"), repetition=2)),
        skipped=(a_skipped_case(), a_skipped_case(a_case("gpt2"), FailureKind.ALREADY_MEASURED, AWKWARD_TEXT)),
        estimated_seconds=(1 / 3, 1e9),
    )
    database.write(lambda cursor: runs.save_plan(cursor, run.run_id, plan))
    with database.cursor() as cursor:
        assert runs.plan(cursor, run.run_id) == plan
        assert runs.get(cursor, run.run_id).total == 5


def test_an_environment(database):
    environment = an_environment(
        physical_cores=None, accelerators=("GPU 'x'", "GPU y"), libraries={"torch": "2.13.0+cpu", "numpy": "3"}
    )
    database.write(lambda cursor: environments.save(cursor, environment))
    renamed = replace(environment, hostname="other-name")
    database.write(lambda cursor: environments.save(cursor, renamed))
    with database.cursor() as cursor:
        assert environments.get(cursor, environment.environment_id) == renamed
        assert environments.all_environments(cursor) == [renamed]
        with pytest.raises(NotFound, match="'elsewhere'"):
            environments.get(cursor, "elsewhere")


def test_skillsets_keep_their_history_and_show_the_newest(database):
    first = a_skillset("bert", status=GenerationStatus.FAILED, reason=AWKWARD_TEXT)
    second = replace(first, status=GenerationStatus.VERIFIED, reason=None, generated_at=first.generated_at)
    other = a_skillset("vit", family=Family.VISION)
    for skillset in (first, second, other):
        database.write(lambda cursor, skillset=skillset: skillsets.save(cursor, skillset))
    with database.cursor() as cursor:
        assert skillsets.latest(cursor) == [second, other]


def test_reports(database):
    old = a_stored_report()
    new = replace(old, report_id="report-2", created_at=old.created_at + timedelta(days=1), title=AWKWARD_TEXT)
    for report in (old, new):
        database.write(lambda cursor, report=report: reports.save(cursor, report))
    with database.cursor() as cursor:
        assert reports.recent(cursor) == [new, old]
        assert reports.recent(cursor, limit=1) == [new]
        assert reports.get(cursor, "report-2") == new
        with pytest.raises(NotFound):
            reports.get(cursor, "report-3")


def test_facts_are_replaced_by_a_later_count(database):
    database.write(lambda cursor: facts.save(cursor, "case", some_facts(flops=None)))
    database.write(lambda cursor: facts.save(cursor, "case", some_facts(flops=10**30)))
    database.write(lambda cursor: facts.save(cursor, "other", some_facts()))
    with database.cursor() as cursor:
        assert facts.load_all(cursor) == {"case": some_facts(flops=10**30), "other": some_facts()}
