from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dash import no_update
from dash.exceptions import PreventUpdate

from app import ids
from app.shell import page_at
from app.tabs.trust import follow_calibration, layout, show_calibration
from engine.domain.calibration import Calibration, CalibrationProgress
from engine.storage import calibrations
from engine.workflows.calibration_job import CalibrationState
from tests.app.stand_in import StandInWorkbench
from tests.app.tabs.component_tree import of_class, of_kind, text_of, with_id
from tests.builders import an_environment
from tests.calibration_builders import A_MISSED_FINDING, AN_OPEN_FINDING, a_calibration, a_noise

ASSETS = Path(__file__).resolve().parents[3] / "assets"
Trigger = Callable[..., None]
UNDER_WAY = CalibrationProgress(step="Timing known sleeps", done=30, total=120, remaining_seconds=(60.0, 90.0))


def keep(bench: StandInWorkbench, found: Calibration) -> None:
    bench.database.write(lambda cursor: calibrations.save(cursor, found))


def follow(*, mode: str = "full", seen: str | None = None, was_running: bool = False) -> tuple[Any, ...]:
    """Progress, start hidden, cancel hidden, message, the calibration seen."""
    return follow_calibration(1, 1, 1, mode, seen, was_running)


def test_before_the_first_calibration_the_page_says_how_to_make_one(bench: StandInWorkbench) -> None:
    page = page_at("/trust", "")
    assert text_of(of_kind(page, "H1")) == "What the meters of this machine are worth is not known yet."
    assert "modeldyno doctor" in text_of(of_class(page, "empty-state"))
    assert with_id(page, ids.TRUST_START).hidden is False
    assert with_id(page, ids.TRUST_CANCEL).hidden is True
    assert with_id(page, ids.TRUST_RESOLUTION).children is None


def test_each_check_stands_with_its_goal_its_state_and_its_figures(bench: StandInWorkbench) -> None:
    keep(bench, a_calibration())
    page = layout("")
    assert text_of(of_kind(page, "H1")) == "All 4 goals hold."
    rows = [[text_of(cell) for cell in of_kind(row, "Td")] for row in of_kind(of_class(page, "trust"), "Tr")[1:]]
    thin = "\N{THIN SPACE}"
    assert rows[0] == [
        "Timer overheadAn empty iteration reads 100 ns.",
        f"0.01{thin}%",
        f"at most 0.5{thin}%",
        "reached",
    ]
    assert rows[2][1:] == ["-", "-", "not available here"]
    assert rows[3][1:] == ["42.0 GFLOP/s", "-", ""]
    assert rows[5][1:] == [f"99{thin}% (96 \N{EN DASH} 100{thin}%)", f"at least 95{thin}%", "reached"]
    assert "What to do next" not in text_of(page)


def test_what_was_missed_is_said_first_and_what_to_do_about_it(bench: StandInWorkbench) -> None:
    keep(bench, a_calibration(findings=(A_MISSED_FINDING,), cpu_busy_others=0.31))
    page = layout("")
    assert text_of(of_kind(page, "H1")) == "1 of 1 goals does not hold: false alarms."
    steps = [text_of(step) for step in of_kind(of_class(page, "trust-steps"), "Li")]
    assert len(steps) == 2 and "Close other programs" in steps[0]
    assert len(of_class(page, "is-over")) == 1


def test_the_resolution_of_this_machine_is_told_for_three_five_and_ten_processes(bench: StandInWorkbench) -> None:
    keep(bench, a_calibration())
    rows = of_kind(with_id(layout(""), ids.TRUST_RESOLUTION).children, "Tr")[1:]
    told = [[text_of(cell) for cell in of_kind(row, "Td")] for row in rows]
    assert [row[0] for row in told] == ["3", "5", "10"]
    assert told[0][1:] == ["-", "-"]
    assert told[1][1].startswith("±3.") and told[1][2] == "-"


def test_a_badge_too_long_for_its_place_is_wrapped() -> None:
    rule = (ASSETS / "trust.css").read_text().partition(".resolution-badge {")[2].partition("}")[0]
    assert "white-space: normal" in rule and "max-width: 100%" in rule


def test_a_calibration_of_another_machine_says_nothing_of_this_one(bench: StandInWorkbench) -> None:
    keep(bench, a_calibration(environment_id=an_environment(environment_id="env-0002").environment_id))
    assert "not calibrated" in text_of(layout(""))


def test_the_page_is_left_alone_while_nothing_happens(bench: StandInWorkbench, triggered: Trigger) -> None:
    triggered(f"{ids.CLOCK}.n_intervals")
    with pytest.raises(PreventUpdate):
        follow()


@pytest.mark.parametrize(("mode", "trials"), [("full", 50), ("quick", 10), ("thorough", 200)])
def test_the_button_starts_one_and_shows_it(
    bench: StandInWorkbench, triggered: Trigger, mode: str, trials: int
) -> None:
    triggered(f"{ids.TRUST_START}.n_clicks")
    progress, start, cancel, message, seen = follow(mode=mode)
    assert bench.calibration.started == [trials]
    assert "Starting" in text_of(progress)
    assert (start, cancel, message, seen) == (True, False, None, no_update)


def test_one_may_be_quick_full_or_thorough(bench: StandInWorkbench) -> None:
    card = layout("")
    assert [option["value"] for option in with_id(card, ids.TRUST_MODE).options] == ["quick", "full", "thorough"]
    assert with_id(card, ids.TRUST_MODE).value == "full"
    assert "quick a fifth of that, thorough four times as long" in text_of(card)


def test_progress_is_told_with_what_is_left(bench: StandInWorkbench, triggered: Trigger) -> None:
    bench.calibration.state = CalibrationState(progress=UNDER_WAY)
    triggered(f"{ids.CLOCK}.n_intervals")
    progress = follow(was_running=True)[0]
    assert text_of(progress) == "Timing known sleeps30 of 120 processes, 60 to 90 s left"
    assert of_class(progress, "trust-bar")[0].children.style == {"width": "25.0%"}
    assert with_id(layout(""), ids.TRUST_CANCEL).hidden is False


def test_cancelling_says_so_until_it_has_ended(bench: StandInWorkbench, triggered: Trigger) -> None:
    bench.calibration.state = CalibrationState(progress=UNDER_WAY)
    triggered(f"{ids.TRUST_CANCEL}.n_clicks")
    assert "Cancelling" in text_of(follow(was_running=True)[0])
    assert bench.calibration.state.is_cancelling


def test_pressing_a_button_that_came_too_late_is_explained(bench: StandInWorkbench, triggered: Trigger) -> None:
    triggered(f"{ids.TRUST_CANCEL}.n_clicks")
    assert "nothing to cancel" in text_of(follow()[3])
    bench.calibration.state = CalibrationState(progress=UNDER_WAY)
    triggered(f"{ids.TRUST_START}.n_clicks")
    assert "under way already" in text_of(follow()[3])


def test_one_that_came_to_nothing_says_why(bench: StandInWorkbench, triggered: Trigger) -> None:
    bench.calibration.state = CalibrationState(progress=None, error="The disk is full.")
    triggered(f"{ids.CLOCK}.n_intervals")
    assert "The disk is full." in text_of(follow(was_running=True)[3])


def test_what_was_found_appears_once_it_is_stored(bench: StandInWorkbench, triggered: Trigger) -> None:
    keep(bench, a_calibration())
    triggered(f"{ids.CLOCK}.n_intervals")
    assert follow(was_running=True)[4] == "calibration-0"
    head, body, resolution = show_calibration("calibration-0")
    assert "All 4 goals hold" in text_of(head)
    assert "Timer overhead" in text_of(body)
    assert "processes resolve" in text_of(resolution)


def test_a_quick_one_does_not_replace_a_full_one_and_is_told_beside_it(
    bench: StandInWorkbench, triggered: Trigger
) -> None:
    keep(bench, replace(a_calibration(), is_quick=True, findings=(AN_OPEN_FINDING,)))
    assert "Calibrated quickly, with few trials of verdicts" in text_of(layout(""))
    keep(bench, a_calibration(days=1))
    few = replace(a_noise(), pairs=100)
    keep(bench, replace(a_calibration(days=2), is_quick=True, findings=(A_MISSED_FINDING,), noise=few))
    triggered(f"{ids.CLOCK}.n_intervals")
    assert follow(was_running=True)[4] == "calibration-2"
    head, body, _ = show_calibration("calibration-2")
    assert text_of(head).startswith("All 4 goals hold.Calibrated ")
    assert "does not replace it: 1 of 1 goals does not hold: false alarms." in text_of(head)
    assert "Timer overhead" in text_of(body)


def test_what_is_not_shown_yet_is_neither_reached_nor_missed(bench: StandInWorkbench) -> None:
    keep(bench, a_calibration(findings=(AN_OPEN_FINDING,)))
    page = layout("")
    assert of_class(page, "is-over") == []
    (mark,) = of_class(of_class(page, "trust"), "mark")
    assert (text_of(mark), mark.className) == ("not shown yet", "mark status-queued")
    assert "What to do next" not in text_of(page)
