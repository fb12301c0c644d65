from __future__ import annotations

from datetime import timedelta

import pytest

from app.selection import (
    Selection,
    history,
    in_one_environment,
    metric_of,
    most_measured,
    narrowed,
    select,
    sizes_in_use,
    workload_of,
)
from app.url_state import ViewState
from app.views.coverage_grid import coverage_table
from app.views.key_figures import figures_of
from app.views.overview_answer import answer
from app.views.overview_body import overview_body
from engine.domain.case import Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import Family, Size
from engine.domain.summary import CaseSummary, Verdict
from tests.app.measured import measured, processes
from tests.app.tabs.component_tree import of_class, text_of
from tests.builders import A_TIME, a_case, a_failed_result, a_result, a_summary, an_estimate

BF16 = Precision.BF16


def timed(model: str = "bert", latency: float = 0.04, **case: object) -> CaseSummary:
    """Five processes around `latency`."""
    return a_summary(a_case(model, **case), latencies=processes(latency))


def overview_subtitle(found: Selection) -> str:
    body = overview_body(found, coverage_table([], []), [], lambda *_: [], theme="light", narrow=False)
    return next(text for part in of_class(body, "card-subtitle") if " by model type on " in (text := text_of(part)))


def chosen(summaries: list[CaseSummary], **state: object) -> Selection:
    found = select(summaries, ViewState(**state))  # type: ignore[arg-type]
    assert found is not None
    return found


def test_figures_of_this_environment_alone_are_shown_where_there_are_any() -> None:
    here, elsewhere = a_summary(environment_id="here"), a_summary(environment_id="elsewhere")
    assert in_one_environment([elsewhere, here], "here") == [here]


def test_where_nothing_was_measured_here_the_newest_environment_is_shown() -> None:
    newest, older = a_summary(environment_id="b"), a_summary(environment_id="a")
    assert in_one_environment([newest, older], "here") == [newest]
    assert in_one_environment([], "here") == []


def test_a_metric_brings_its_workload_along() -> None:
    state = ViewState(metric=Metric.MODULE_IMPORT_TIME)
    assert (workload_of(state), metric_of(state)) == (Workload.STARTUP, Metric.MODULE_IMPORT_TIME)


def test_a_metric_that_the_workload_does_not_measure_gives_way_to_its_headline() -> None:
    assert metric_of(ViewState(workload=Workload.STARTUP, metric=Metric.LATENCY)) is Metric.MODEL_INITIALIZATION_TIME
    assert metric_of(ViewState(workload=Workload.INFERENCE, metric=Metric.MODULE_IMPORT_TIME)) is Metric.LATENCY


def test_filters_narrow_together_and_inference_is_meant_where_nothing_is_said() -> None:
    wanted = timed("gpt2", precision=BF16)
    others = [timed("gpt2"), timed("bert", precision=BF16), timed("gpt2", precision=BF16, workload=Workload.STARTUP)]
    assert narrowed([*others, wanted], ViewState(model="gpt2", precision=BF16)) == [wanted]


def test_without_a_choice_the_model_with_most_cases_is_shown_at_its_smallest_batch() -> None:
    found = chosen([timed("gpt2"), timed("bert", batch_size=8), timed("bert", batch_size=2)])
    assert (found.model, found.batch, found.metric) == ("bert", 2, Metric.LATENCY)


def test_among_models_with_as_many_cases_the_order_of_families_decides() -> None:
    assert most_measured([timed("vit"), timed("gpt2"), timed("bert")]) == "bert"


def test_a_batch_size_that_one_model_alone_has_shows_that_model() -> None:
    found = chosen([timed("bert"), timed("bert", batch_size=8), timed("gpt2", batch_size=32)], batch=32)
    assert (found.model, found.batch) == ("gpt2", 32)


def test_the_real_size_is_shown_before_the_tiny_one() -> None:
    found = chosen([timed(size=Size.TINY), timed(size=Size.TINY, batch_size=8), timed(batch_size=8)])
    assert (found.size, found.batch) == (Size.DEFAULT, 8)


LARGE = "bert-large-uncased"


def test_a_checkpoint_stands_in_the_ranking_beside_types_and_never_beside_tiny_ones() -> None:
    tiny = [timed("bert", 0.001, size=Size.TINY), timed("vit", 0.001, size=Size.TINY)]
    found = chosen([timed("bert", 0.04), timed("bert", 0.12, size=LARGE), timed("gpt2", 0.05), *tiny], model="bert")
    assert (found.model, found.size) == ("bert", Size.DEFAULT)
    assert [summary.case.model for summary in found.ranking] == ["bert", "gpt2", LARGE]
    assert overview_subtitle(found) == "Latency by model type on cpu fp32, batch 1, default and published size"


def test_a_checkpoint_is_a_model_of_its_own_and_its_type_brings_it_along() -> None:
    summaries = [timed("bert", size=LARGE), timed("gpt2"), timed("gpt2", batch_size=8)]
    for model in (LARGE, "bert"):
        found = chosen(summaries, model=model)
        assert (found.model, found.size, len(found.ways)) == (LARGE, LARGE, 1)
    assert narrowed([timed("bert"), *summaries], ViewState(model=LARGE)) == summaries[:1]
    assert narrowed([timed("bert"), *summaries], ViewState(size=LARGE)) == summaries[:1]


def test_a_checkpoint_is_shown_before_a_tiny_size() -> None:
    found = chosen([timed("gpt2", size=Size.TINY), timed("bert", size=LARGE)], model="bert")
    assert found.size == LARGE


def test_sizes_in_use_are_offered_whatever_they_are_called() -> None:
    cases = [a_case(size=size) for size in ("no-longer-shipped", Size.DEFAULT, LARGE, Size.TINY, Size.DEFAULT)]
    assert sizes_in_use(cases) == ["tiny", "default", LARGE, "no-longer-shipped"]


def test_a_batch_size_of_the_tiny_size_alone_shows_the_tiny_size() -> None:
    assert chosen([timed(), timed(size=Size.TINY, batch_size=64)], batch=64).size is Size.TINY


def test_a_batch_size_of_another_input_alone_shows_that_input() -> None:
    common = [timed(batch_size=size) for size in (1, 2, 4)]
    long = timed(batch_size=32, sequence_length=512)
    assert chosen([*common, long], batch=32).ways == (long,)


def test_inputs_of_unlike_shape_never_share_a_chart() -> None:
    common = [timed(), timed(batch_size=8)]
    found = chosen([*common, timed(precision=BF16, sequence_length=512)])
    assert [summary.case.sequence_length for summary in (*found.ways, *found.curve)] == [128] * 3


@pytest.mark.parametrize("state", [{"model": "gpt2"}, {"metric": Metric.MODULE_IMPORT_TIME}, {"backend": "cuda"}])
def test_nothing_that_passes_selects_nothing(state: dict[str, object]) -> None:
    assert select([timed("bert")], ViewState(**state)) is None  # type: ignore[arg-type]


def test_a_case_that_only_failed_is_no_way_to_run_a_model() -> None:
    failed = a_summary(a_case(precision=BF16), latencies=())
    assert len(chosen([timed(), failed]).ways) == 1
    assert select([failed], ViewState()) is None


def test_ways_come_best_first_whatever_the_direction_of_the_metric() -> None:
    slow, fast = timed(latency=0.04), timed(latency=0.02, precision=BF16)
    for metric in (Metric.LATENCY, Metric.THROUGHPUT):
        assert chosen([slow, fast], metric=metric).ways == (fast, slow)


def test_a_comparison_is_new_over_baseline() -> None:
    fp32, bf16 = timed(latency=0.04), timed(latency=0.02, precision=BF16)
    latency = chosen([fp32, bf16]).comparisons[bf16.case.case_id]
    throughput = chosen([fp32, bf16], metric=Metric.THROUGHPUT).comparisons[bf16.case.case_id]
    assert (latency.ratio, throughput.ratio) == (pytest.approx(0.5), pytest.approx(2.0))
    assert latency.verdict is throughput.verdict is Verdict.BETTER


def test_a_verdict_does_not_depend_on_what_the_filters_leave() -> None:
    noisy, other_noise = (0.10, 0.13, 0.08, 0.12, 0.09), (0.11, 0.12, 0.085, 0.10, 0.09)
    rest = [
        summary
        for model in ("roberta", "gpt2", "llama", "mixtral", "t5", "bart", "vit", "clip", "whisper", "mamba")
        for summary in (
            a_summary(a_case(model), latencies=noisy),
            a_summary(a_case(model, precision=BF16), latencies=other_noise),
        )
    ]
    everything = [timed(latency=0.04), timed(latency=0.03, precision=BF16), *rest]
    case_id = everything[1].case.case_id
    alone = chosen(everything[:2]).comparisons[case_id]
    filtered = [chosen(everything, **state) for state in ({"model": "bert"}, {"family": Family.TEXT_ENCODER})]
    assert alone.verdict is Verdict.BETTER
    assert {selection.comparisons[case_id].verdict for selection in filtered} == {Verdict.UNDECIDED}


def test_a_single_process_on_a_side_gives_a_ratio_without_a_verdict() -> None:
    lone = a_summary(a_case(precision=BF16), latencies=(0.02,))
    comparison = chosen([timed(latency=0.04), lone]).comparisons[lone.case.case_id]
    assert (comparison.ratio, comparison.low) == (pytest.approx(0.5), None)
    assert comparison.verdict is Verdict.UNDECIDED


def test_the_ranking_holds_one_of_each_model_on_the_baseline_way() -> None:
    bert, gpt2 = timed("bert", 0.04), timed("gpt2", 0.02)
    others = [timed("gpt2", precision=BF16), timed("t5", batch_size=8), timed("vit", size=Size.TINY)]
    assert chosen([bert, gpt2, *others], model="bert").ranking == (gpt2, bert)


def test_models_measured_with_other_threads_are_not_ranked_together() -> None:
    bert, hobbled = timed("bert"), timed("gpt2", threads=1)
    assert chosen([bert, hobbled], model="bert").ranking == (bert,)


def test_a_history_is_one_case_by_run_from_the_oldest_on() -> None:
    case = a_case()
    newer = measured(case, 0.05, day=1, run_id="second", how_many=2)
    older = measured(case, 0.04, run_id="first", how_many=3)
    other = [a_result(a_case(batch_size=8)), a_failed_result(case, started_at=A_TIME + timedelta(days=2))]
    found = history([*newer, *other, *older], case.case_id, Metric.LATENCY, "second")
    assert [len(values) for values in found] == [3, 2]
    assert history([*newer, *older], case.case_id, Metric.LATENCY, "first") == found[:1], "the shown run ends it"
    assert found[0] == pytest.approx(processes(0.04, 3))


def test_a_compiled_case_is_a_way_to_run_the_model_with_a_line_and_a_ranking_of_its_own() -> None:
    eager, compiled = timed(latency=0.04), timed(latency=0.02, compiled=True)
    others = [timed("gpt2", compiled=True), timed(latency=0.1, compiled=True, batch_size=8)]
    found = chosen([eager, compiled, *others], model="bert")
    assert found.ways == (compiled, eager)
    assert found.baseline is eager and found.ranking == (eager,)
    assert found.comparisons[compiled.case.case_id].verdict is Verdict.BETTER
    assert answer(found) == "cpu fp32 compiled runs bert 2.00x faster than cpu fp32."
    throughput = next(one for one in figures_of(eager, found.curve, []) if one.metric is Metric.THROUGHPUT)
    assert throughput.summary is eager


def test_a_start_is_told_beside_the_way_it_belongs_to_warm_where_there_is_both() -> None:
    built = {Metric.CLASS_INSTANTIATION_TIME: an_estimate(1.0)}
    cases = [
        a_case(workload=Workload.STARTUP, **more) for more in ({"cold": True}, {"compiled": True}, {"batch_size": 8})
    ]
    starts = [a_summary(case, estimates=built) for case in cases]
    figures = figures_of(timed(), [], starts)
    assert [one.summary for one in figures if one.metric is Metric.CLASS_INSTANTIATION_TIME] == [starts[2]]
