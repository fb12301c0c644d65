"""A workbench whose runs are moved by the test: real database, real catalogue of three types, no child processes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from engine.catalog.registry import Catalog
from engine.config import Settings
from engine.domain.calibration import CalibrationProgress
from engine.domain.hardware import BackendStatus, Environment
from engine.domain.model import Status
from engine.domain.operation import OperationKind, Outcome
from engine.domain.run import Run, RunProgress, RunRequest, RunStatus
from engine.domain.skillset_suite import SUITES, SkillsetSuite, SuiteCheckOutcome, SuiteOutcome, SuiteVerdict
from engine.errors import BackendUnavailable, Conflict, UnknownName
from engine.reports.suite_rows import suite_row
from engine.storage import environments, runs
from engine.storage.bookkeeping import Bookkeeping
from engine.storage.database import Database
from engine.workflows.calibration_job import CalibrationState
from engine.workflows.device_turns import Cancelled
from engine.workflows.live_operation import LiveOperation
from engine.workflows.live_run import LiveRun
from engine.workflows.manage_keys import KeyRing
from engine.workflows.memo import Memo
from engine.workflows.operation_supervisor import Keep, OperationSupervisor
from engine.workflows.predict_case import Predictors
from engine.workflows.stored_progress import stored_progress
from engine.workflows.watching import Subscription
from tests.builders import a_backend_status, a_model, an_environment


class StandInSupervisor:
    """Keeps the contract of RunSupervisor; a run changes only when the test says so, through `live`."""

    def __init__(self, workbench: StandInWorkbench) -> None:
        self._workbench = workbench
        self.live: dict[str, LiveRun] = {}
        self.open_subscriptions = 0

    def submit(self, request: RunRequest) -> Run:
        self._workbench.catalog.select(request.models)
        for name in request.backends:
            status = next((found for found in self._workbench.backends() if found.backend == name), None)
            if status is None:
                raise UnknownName("backend", name, ["cpu", "cuda"], field="backends")
            if not status.available:
                raise BackendUnavailable(f"Backend {name!r} cannot run here: {status.reason}", field="backends")
        run = self._workbench.database.write(
            lambda cursor: runs.create(cursor, request, self._workbench.environment.environment_id)
        )
        self.live[run.run_id] = LiveRun(run)
        return run

    def end(self, run_id: str, status: RunStatus = RunStatus.COMPLETED, error: str | None = None) -> None:
        at = datetime.now(UTC)
        self._workbench.database.write(lambda cursor: runs.set_status(cursor, run_id, status, error=error, at=at))
        self.live.pop(run_id).set_status(status, at=at, error=error)

    def cancel(self, run_id: str) -> Run:
        run = self.progress(run_id).run
        if run.status.is_final:
            raise Conflict(f"Run {run.number} is {run.status}; there is nothing to cancel.")
        self.live[run.run_id].set_status(RunStatus.CANCELLING)
        return self.live[run.run_id].run

    def resume(self, run_id: str) -> Run:
        run = self.progress(run_id).run
        if not run.status.is_final:
            raise Conflict(f"Run {run.number} is {run.status}; it has not ended.")
        self.live[run.run_id] = LiveRun(replace(run, status=RunStatus.INITIALIZING, error=None, finished_at=None))
        return self.live[run.run_id].run

    def progress(self, run_id: str) -> RunProgress:
        found = self.live.get(run_id)
        return found.snapshot() if found else stored_progress(self._workbench.database, run_id)

    def active(self) -> list[RunProgress]:
        return [found.snapshot() for found in self.live.values()]

    def runs_under_way(self) -> list[Run]:
        return [found.run for found in self.live.values()]

    def subscribe(self, run_id: str) -> Subscription:
        first = self.progress(run_id)
        self.open_subscriptions += 1
        return _Counted(self, self.live.get(first.run.run_id), first)

    def has_begun_anew(self, run_id: str, subscription: Subscription) -> bool:
        live = self.live.get(run_id)
        return live is not None and not subscription.is_to(live)


class _Counted(Subscription):
    def __init__(self, supervisor: StandInSupervisor, live: LiveRun | None, first: RunProgress) -> None:
        super().__init__(live, first)
        self._supervisor = supervisor

    def close(self) -> None:
        self._supervisor.open_subscriptions -= 1
        super().close()


class StandInCalibration:
    """Keeps the contract of CalibrationJob; how far it has come is what the test says."""

    def __init__(self) -> None:
        self.state = CalibrationState(progress=None)
        self.started: list[int] = []
        """The trials of each start."""

    def start(self, *, groups: int) -> None:
        if self.state.progress is not None:
            raise Conflict("A calibration is under way already; wait for it, or cancel it first.")
        self.started.append(groups)
        self.state = CalibrationState(progress=CalibrationProgress(step="Starting", done=0, total=0))

    def cancel(self) -> None:
        if self.state.progress is None:
            raise Conflict("No calibration is under way; there is nothing to cancel.")
        self.state = replace(self.state, is_cancelling=True)


class StandInJobs:
    """What operations do: one outcome for each model, when the test lets them."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def generate(
        self, workbench: StandInWorkbench, request: Mapping[str, Any], live: LiveOperation, keep: Keep
    ) -> None:
        live.set_total(len(request["models"]))
        for model in request["models"]:
            live.set_step(f"Generating {model}")
            while not self.may_go_on.wait(0.01):
                if live.cancel.is_set():
                    raise Cancelled
            value = {"model_type": model, "family": "text_encoder", "status": "verified", "reason": None}
            keep(Outcome(value=value | {"path": f"hf_{model}.py", "seconds": 0.5}, is_good=True, seconds=0.5))

    def test(self, workbench: StandInWorkbench, request: Mapping[str, Any], live: LiveOperation, keep: Keep) -> None:
        live.set_total(len(request["models"]))
        suite = SkillsetSuite(request["suite"])
        for model in request["models"]:
            while not self.may_go_on.wait(0.01):
                if live.cancel.is_set():
                    raise Cancelled
            passed = tuple(SuiteCheckOutcome(check=check, verdict=SuiteVerdict.PASSED) for check in SUITES[suite])
            outcome = SuiteOutcome(
                model_type=model,
                suite=suite,
                outcomes=passed,
                path=f"hf_{model}.py",
                checksum="1" * 64,
                processes=1,
                seconds=0.5,
                environment_id=workbench.environment.environment_id,
                started_at=datetime.now(UTC),
            )
            keep(Outcome(value=suite_row(outcome), is_good=True, seconds=0.5))


class StandInWorkbench:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database.open(settings.db_path)
        self.environment: Environment = an_environment()
        self.database.write(lambda cursor: environments.save(cursor, self.environment))
        self.catalog = _catalog()
        self.opened_at = datetime.now(UTC)
        self.memo = Memo()
        self.predictors = Predictors()
        self.bookkeeping = Bookkeeping(self.database)
        self.keys = KeyRing(self.database, self.bookkeeping)
        self.supervisor = StandInSupervisor(self)
        self.calibration = StandInCalibration()
        self.jobs = StandInJobs()
        self.operations = OperationSupervisor(
            self,
            {OperationKind.GENERATION: self.jobs.generate, OperationKind.SKILLSET_TEST: self.jobs.test},
        )

    def backends(self, *, refresh: bool = False) -> list[BackendStatus]:
        return [a_backend_status("cpu"), a_backend_status("cuda", available=False)]

    def close(self) -> None:
        self.operations.close()
        self.bookkeeping.close()
        self.database.close()


def _catalog() -> Catalog:
    types = {name: a_model(name) for name in ("bert", "gpt2")} | {"ernie": a_model("ernie", status=Status.FAILS)}
    return Catalog(types=types, transformers_version="5.23.0")
