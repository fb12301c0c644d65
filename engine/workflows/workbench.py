"""Everything a use case needs, opened once and handed down: settings, database, launchers, catalogue, supervisor."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType

from engine.backends.environment import detect_environment
from engine.benchmarking.cold import ColdLauncher
from engine.benchmarking.fork_server import ForkServerLauncher
from engine.benchmarking.launchers import Launcher
from engine.catalog.registry import Catalog, load_catalog
from engine.config import OnStop, Settings, StopPolicy
from engine.domain.hardware import BackendStatus, Environment
from engine.domain.operation import OperationKind
from engine.storage import environments, operations, runs
from engine.storage.bookkeeping import Bookkeeping
from engine.storage.database import Database
from engine.workflows.calibration_job import CalibrationJob
from engine.workflows.detect_backends import detect_backends, remember_backends, remembered_backends
from engine.workflows.device_claims import DeviceClaims
from engine.workflows.generate_operation import generate_operation
from engine.workflows.manage_keys import KeyRing
from engine.workflows.memo import Memo
from engine.workflows.operation_supervisor import Job, OperationSupervisor
from engine.workflows.predict_case import Predictors
from engine.workflows.run_supervisor import RunSupervisor
from engine.workflows.skillset_test_operation import skillset_test_operation

logger = logging.getLogger(__name__)

JOBS: Mapping[OperationKind, Job] = {
    OperationKind.GENERATION: generate_operation,
    OperationKind.SKILLSET_TEST: skillset_test_operation,
}


class Workbench:
    """One per process: it owns the database file. Methods may be called from any thread."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        launcher: Launcher,
        cold_launcher: Launcher,
        environment: Environment,
        device_claims: DeviceClaims | None = None,
    ) -> None:
        self.settings = settings
        self.database = database
        self.launcher = launcher
        """Runs functions in forks of one warm process, which starts when first needed."""
        self.cold_launcher = cold_launcher
        """Runs functions in fresh interpreters."""
        self.environment = environment
        self.device_claims = device_claims
        """What keeps other programs off a device while a case is measured; None where nothing really runs."""
        self.opened_at = datetime.now(UTC)
        self.memo = Memo()
        """What was computed from the present state of the database."""
        self.predictors = Predictors()
        self.bookkeeping = Bookkeeping(database)
        """Who changed what, and which keys are in use; written soon, and at the latest by `close`."""
        self.keys = KeyRing(database, self.bookkeeping)
        self._detecting = threading.Lock()
        self._backends: list[BackendStatus] | None = None
        self.supervisor = RunSupervisor(self)
        self.calibration = CalibrationJob(self)
        self.operations = OperationSupervisor(self, JOBS)

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        launcher: Launcher | None = None,
        cold_launcher: Launcher | None = None,
        environment: Environment | None = None,
        device_claims: DeviceClaims | None = None,
    ) -> Workbench:
        """Open the database and get ready; imports no torch. Runs that a dead process left become interrupted.

        `launcher` replaces both launchers unless `cold_launcher` is given too; whoever gives one also says whether
        it heeds other programs, by `device_claims`. Raises StorageError.
        """
        here = environment or detect_environment()
        database = Database.open(settings.db_path)
        try:
            database.write(lambda cursor: environments.save(cursor, here))
            database.write(runs.interrupt_unfinished)
            database.write(operations.interrupt_unfinished)
        except BaseException:
            database.close()
            raise
        return cls(
            settings,
            database,
            launcher or ForkServerLauncher(),
            cold_launcher or launcher or ColdLauncher(),
            here,
            device_claims or (DeviceClaims() if launcher is None else None),
        )

    @cached_property
    def catalog(self) -> Catalog:
        """Every model type of the installed library; scanned once per library version."""
        found = load_catalog(self.settings.home / "cache")
        for warning in found.warnings:
            logger.warning("%s", warning)
        return found

    def reload_catalog(self) -> None:
        """Read the catalogue anew: recipes were added."""
        vars(self).pop("catalog", None)

    def backends(self, *, refresh: bool = False) -> list[BackendStatus]:
        """What can run here and, where not, why: from a child process the first time on this machine, then remembered.

        The first time takes as long as importing torch. `refresh` asks again. Raises LauncherFailure.
        """
        with self._detecting:
            if refresh or self._backends is None:
                found = None if refresh else remembered_backends(self.settings.home, self.environment)
                if found is None:
                    found = detect_backends(self.launcher)
                    remember_backends(self.settings.home, self.environment, found)
                self._backends = found
            return list(self._backends)

    def stop_work(self, policy: StopPolicy, at_once: threading.Event) -> None:
        """End what runs as `policy` says, without waiting once `at_once` is set; all else can still be read.

        Operations keep each outcome that they have, and can be asked for again: they end at once either way.
        """
        self.supervisor.refuse_more()
        self.calibration.close()
        self.operations.close()
        if policy.on_stop is OnStop.FINISH:
            self.supervisor.wind_down(policy.seconds, at_once)
        else:
            self.supervisor.close()

    def close(self) -> None:
        """Interrupt what runs, end every process and let go of the database. Closing twice does no harm."""
        self.calibration.close()
        self.operations.close()
        self.supervisor.close()
        self.launcher.close()
        self.cold_launcher.close()
        self.bookkeeping.close()
        self.database.close()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
