"""How long things will take, from durations written by hand."""

from __future__ import annotations

import pytest

from engine.benchmarking.eta import Past, remaining_seconds, seconds_of_one, sum_of_ranges, total_seconds
from engine.domain.case import Precision, Workload
from engine.domain.run import PlannedCase
from tests.builders import a_case


def test_nothing_ever_ran_means_nothing_is_known():
    assert Past([]).seconds(a_case()) is None
    assert remaining_seconds([PlannedCase(case=a_case(), repetition=0)], []) is None


def test_what_was_planned_counts_where_nothing_like_it_has_run_yet():
    item = PlannedCase(case=a_case(), repetition=0, estimated_seconds=(2.0, 4.0))
    assert seconds_of_one(item, []) == (2.0, 4.0)
    assert seconds_of_one(item, [(a_case(), 8.0)] * 3) == (8.0, 8.0)
    assert remaining_seconds([item], []) is None, "no time is promised on a guess"


def test_the_range_runs_from_the_tenth_to_the_ninetieth_percentile():
    past = Past([(a_case(), float(seconds)) for seconds in range(11)])
    assert past.seconds(a_case()) == pytest.approx((1.0, 9.0))


def test_few_durations_widen_the_range():
    assert Past([(a_case(), 3.0)]).seconds(a_case()) == pytest.approx((2.0, 4.5))


def test_the_most_alike_durations_count():
    asked = a_case("bert", batch_size=8)
    same = [(asked, 4.0)] * 3
    model = [(a_case("bert", batch_size=1, precision=Precision.BF16), 2.0)] * 3
    kind = [(a_case("vit"), 1.0)] * 3
    other = [(a_case("vit", workload=Workload.STARTUP), 9.0)] * 3
    assert Past(same + model + kind + other).seconds(asked) == (4.0, 4.0)
    assert Past(model + kind + other).seconds(asked) == (2.0, 2.0)
    assert Past(kind + other).seconds(asked) == (1.0, 1.0)
    assert Past(other).seconds(asked) is None, "another workload's time says nothing of this one's"


def test_deviations_of_single_executions_cancel_out_in_part_and_those_of_the_machine_do_not():
    # Four of 1 to 3 s: 8 s in the middle, half of it 2 by chance, and a tenth of 8 by the machine.
    assert sum_of_ranges([(1.0, 3.0)] * 4) == pytest.approx((8.0 - 2.0 - 0.8, 8.0 + 2.0 + 0.8))


def test_a_sum_with_an_unknown_part_is_unknown_and_of_nothing_is_nothing():
    assert sum_of_ranges([(1.0, 3.0), None]) is None
    assert sum_of_ranges([]) == (0.0, 0.0)


def test_a_range_never_starts_before_now():
    assert sum_of_ranges([(0.0, 10.0)])[0] == 0.0


def test_processes_of_one_case_are_off_together_and_different_cases_are_not():
    # Vit took 1 to 3 s: four more processes of one unknown model take 4 to 12, one each of four unknown ones less wide.
    past = Past([(a_case("vit"), seconds) for seconds in (1.0,) * 5 + (3.0,) * 5])
    one = total_seconds([a_case("bert")] * 4, past)
    four = total_seconds([a_case(model) for model in ("bert", "gpt2", "t5", "bart")], past)
    assert one == pytest.approx((8.0 - 4.0 - 0.8, 8.0 + 4.0 + 0.8))
    assert four == pytest.approx((8.0 - 2.0 - 0.8, 8.0 + 2.0 + 0.8))
