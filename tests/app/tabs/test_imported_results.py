"""What pages say of results that were measured elsewhere: never that they were measured here."""

from __future__ import annotations

from datetime import UTC, datetime

from app.tabs.run_watch import run_tools
from app.views.case_details import case_details
from app.views.finished_runs import finished_runs
from app.views.machine_note import Quietness, machine_note
from app.views.results_grid import grid_rows, scales
from app.views.run_words import run_sentence, run_subtitle
from engine.domain.measurement import Metric
from engine.domain.result import Provenance
from engine.domain.run import RunProgress
from tests.app.tabs.component_tree import of_class, of_kind, text_of
from tests.builders import a_case, a_run, a_summary

THEIRS = a_run(imported_from="a paper", completed=3, total=3, environment_id="theirs")


def test_an_imported_run_says_so_and_offers_no_command() -> None:
    progress = RunProgress(run=THEIRS, current_step="Done", elapsed_seconds=0.0, remaining_seconds=None)
    assert run_sentence(progress) == f"Run {THEIRS.number}: 3 results imported from a paper"
    assert " · imported " in run_subtitle(THEIRS, datetime.now(UTC))
    assert [text_of(tool) for tool in run_tools(THEIRS)] == ["Report", "Results"]
    assert run_tools(THEIRS)[-1].href == "/comparison?machine=theirs"
    assert "Measured elsewhere: a paper tells how." in text_of(machine_note(Quietness(), imported_from="a paper"))


def test_an_imported_run_is_marked_in_the_list() -> None:
    listed = finished_runs([THEIRS, a_run()], datetime.now(UTC))
    assert text_of(of_class(listed, "provenance-imported")) == "imported"


def test_the_table_names_the_source_of_every_case() -> None:
    summaries = [a_summary(provenance=Provenance.IMPORTED)]
    assert grid_rows(summaries, scales(summaries))[0]["source"] == "imported"


def test_an_imported_case_has_no_command_that_repeats_it() -> None:
    def details(provenance: Provenance) -> object:
        summary = a_summary(provenance=provenance, is_noisy=None)
        return case_details(summary, metric=Metric.LATENCY, baseline=None, comparison=None, theme="light")

    assert of_kind(details(Provenance.MEASURED), "Pre") and not of_kind(details(Provenance.IMPORTED), "Pre")
    assert "not told" in text_of(details(Provenance.IMPORTED))


def test_the_weights_of_a_case_are_told_with_their_digest() -> None:
    summary = a_summary(a_case(size="checkpoint", checkpoint="/mine", checkpoint_digest="0a" * 32))
    shown = case_details(summary, metric=Metric.LATENCY, baseline=None, comparison=None, theme="light")
    assert "/mine, sha256 digest 0a0a0a0a0a0a" in text_of(shown)
    assert "--checkpoint /mine" in text_of(of_kind(shown, "Pre"))
    (again,) = [link.href for link in of_kind(shown, "Link") if "Measure again" in text_of(link)]
    assert "checkpoint=%2Fmine" in again and "models=bert" in again
