from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.heat_map_cells import HeatMap, heat_map, mean_ratio, most_telling, usual_mode
from app.heat_map_choice import chosen_heat_map, clicked_place, completed, selected_place
from app.url_state import Mode, Rows, ViewState
from engine.domain.case import Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import Family, Size
from engine.domain.result import FailureKind, Provenance
from engine.domain.summary import CaseSummary, Comparison, Verdict
from engine.figures.family_heatmap import family_heatmap, family_heatmap_title
from engine.figures.heat_cells import Cell, CellKind
from engine.stats.comparison import compare
from tests.app.measured import processes
from tests.builders import a_case, a_failure, a_summary

BF16, INT8 = Precision.BF16, Precision.INT8
ENCODERS, DECODERS = "text encoder", "text decoder"


def timed(model: str = "bert", latency: float = 0.04, *, how_many: int = 5, **case: object) -> CaseSummary:
    return a_summary(a_case(model, **case), latencies=processes(latency, how_many))


def drawn(
    summaries: Sequence[CaseSummary], metric: Metric = Metric.LATENCY, rows: Rows = Rows.FAMILY, mode: Mode = Mode.RATIO
) -> HeatMap:
    return heat_map(summaries, summaries, metric, rows, mode)


def cell(found: HeatMap, row: str, column: str) -> Cell:
    return next(cell for cell in found.cells if (cell.row, cell.column) == (row, column))


def title(found: HeatMap) -> str:
    return family_heatmap_title(found.cells, metric=found.metric)


FAST = [timed(latency=0.04), timed(latency=0.02, precision=BF16)]


@pytest.mark.parametrize("metric", [Metric.LATENCY, Metric.THROUGHPUT])
def test_a_ratio_says_how_many_times_better_whatever_the_direction(metric: Metric) -> None:
    found = cell(drawn(FAST, metric), ENCODERS, "cpu bf16")
    assert (found.kind, found.text, found.value) == (CellKind.DECIDED, "2.00", pytest.approx(2.0))


def test_a_slower_way_is_below_one() -> None:
    slow = [timed(latency=0.04), timed(latency=0.08, precision=BF16)]
    assert cell(drawn(slow), ENCODERS, "cpu bf16").text == "0.50"


def test_less_memory_is_above_one() -> None:
    lean = [a_summary(a_case(), peak_memory=4e8), a_summary(a_case(precision=BF16), peak_memory=2e8)]
    assert cell(drawn(lean, Metric.PEAK_MEMORY), ENCODERS, "cpu bf16").value == pytest.approx(2.0)


def test_the_baseline_shows_its_own_figures() -> None:
    found = cell(drawn(FAST), ENCODERS, "cpu fp32")
    assert (found.kind, found.text) == (CellKind.BASELINE, "40.0 ms")


def test_among_many_columns_the_baseline_has_none() -> None:
    ways = [
        timed(backend=backend, precision=p) for backend in ("onnxruntime", "openvino", "cuda") for p in (BF16, INT8)
    ]
    found = drawn([timed(), *ways])
    assert "cpu fp32" not in {cell.column for cell in found.cells}
    assert len(found.comparisons) == 6


def test_a_family_is_the_geometric_mean_of_its_models() -> None:
    models = [
        (timed(name, 0.04), timed(name, 0.04 / factor, precision=BF16))
        for name, factor in (("bert", 2.0), ("roberta", 8.0))
    ]
    found = cell(drawn([summary for pair in models for summary in pair]), ENCODERS, "cpu bf16")
    assert found.value == pytest.approx(4.0)
    assert "geometric mean of 2 model types" in found.hover


def test_two_models_that_happen_to_lie_on_one_side_decide_nothing() -> None:
    lone = [
        summary
        for name, factor in (("bert", 1.1), ("roberta", 2.0))
        for summary in (timed(name, 0.04, how_many=1), timed(name, 0.04 / factor, how_many=1, precision=BF16))
    ]
    found = cell(drawn(lone), ENCODERS, "cpu bf16")
    assert (found.kind, found.text) == (CellKind.UNDECIDED, "? 1.48")


def test_models_that_agree_closely_decide_for_their_family() -> None:
    ratios = [compare(Metric.LATENCY, (1.0,), (ratio,)) for ratio in (0.50, 0.51, 0.49)]
    mean, is_decided = mean_ratio(ratios)
    assert is_decided is True
    assert mean.low is not None and mean.high is not None
    assert mean.low < mean.geometric_mean < mean.high < 1


def test_types_of_one_family_count_together_where_several_families_are_averaged() -> None:
    ratios = [compare(Metric.LATENCY, (1.0,), (ratio,)) for ratio in (0.50, 0.51, 0.49, 0.50, 0.90, 0.92)]
    families = [Family.TEXT_ENCODER] * 4 + [Family.VISION] * 2
    assert mean_ratio(ratios)[1] is True, "six types that stand for themselves"
    by_family, is_decided = mean_ratio(ratios, families)
    assert is_decided is False, "two families that disagree"
    assert by_family.geometric_mean == mean_ratio(ratios)[0].geometric_mean
    assert mean_ratio(ratios[:4], families[:4]) == mean_ratio(ratios[:4])


@pytest.mark.parametrize(("how_many", "kind"), [(5, CellKind.DECIDED), (4, CellKind.UNDECIDED)])
def test_a_single_model_keeps_the_verdict_of_its_case(how_many: int, kind: CellKind) -> None:
    pair = [timed(how_many=how_many), timed(latency=0.02, how_many=how_many, precision=BF16)]
    assert cell(drawn(pair), ENCODERS, "cpu bf16").kind is kind


def test_a_cell_that_fails_says_why_with_every_character_of_the_reason() -> None:
    reason = "TypeError: expected <class 'int'>, got <b>None</b>"
    failing = a_summary(a_case(precision=BF16), latencies=(), last_failure=a_failure(reason=reason))
    found = cell(drawn([timed(), failing]), ENCODERS, "cpu bf16")
    assert (found.kind, found.text) == (CellKind.FAILED, "× fails")
    assert "expected &lt;class 'int'&gt;, got &lt;b&gt;None&lt;/b&gt;" in found.hover


def test_a_way_without_its_baseline_has_no_ratio() -> None:
    found = cell(drawn([*FAST, timed("gpt2", precision=BF16)]), DECODERS, "cpu bf16")
    assert (found.kind, found.text) == (CellKind.MISSING, "-")
    assert "cpu fp32 was not measured for it" in found.hover


def test_what_nobody_tried_is_not_taken_for_a_failure() -> None:
    found = cell(drawn([*FAST, timed("gpt2")]), DECODERS, "cpu bf16")
    assert (found.kind, found.hover) == (CellKind.MISSING, f"<b>{DECODERS}</b> cpu bf16<br>not tried")


def test_a_mean_over_fewer_models_wins_nothing() -> None:
    unlike = [timed("bert", 0.04), timed("roberta", 0.4), timed("bert", 0.05, precision=BF16)]
    assert title(drawn(unlike, mode=Mode.ABSOLUTE)) == "1 family measured; no two ways have the same model types"
    alike = [*unlike, timed("roberta", 0.5, precision=BF16)]
    assert title(drawn(alike, mode=Mode.ABSOLUTE)) == "cpu fp32 is fastest measured in 1 of 1 family"


def test_what_is_the_same_counts_neither_as_better_nor_as_worse() -> None:
    same = [timed(latency=0.04), timed(latency=0.0398, precision=BF16)]
    found = drawn(same)
    assert {comparison.verdict for comparison in found.comparisons.values()} == {Verdict.SAME}
    assert title(found) == "Nothing beats the baseline in 1 decided cell of 1"


def test_memory_of_nothing_can_be_drawn() -> None:
    empty = [a_summary(a_case(), peak_memory=0.0), a_summary(a_case("gpt2"), peak_memory=2e8)]
    found = drawn(empty, Metric.PEAK_MEMORY, mode=Mode.ABSOLUTE)
    assert cell(found, ENCODERS, "cpu fp32").text == "0"
    assert family_heatmap(found.cells, metric=Metric.PEAK_MEMORY, theme="light").data


def test_ratios_are_usual_once_one_of_them_is_decided() -> None:
    assert usual_mode(FAST, FAST, Metric.LATENCY) is Mode.RATIO
    few = [timed(how_many=3), timed(latency=0.02, how_many=3, precision=BF16)]
    assert usual_mode(few, few, Metric.LATENCY) is Mode.ABSOLUTE
    assert usual_mode([], [], Metric.LATENCY) is Mode.ABSOLUTE


def test_the_largest_decided_difference_is_told_first() -> None:
    large, larger = timed("roberta", 0.01, precision=BF16), timed("gpt2", 0.001, how_many=3, precision=BF16)
    found = drawn([*FAST, timed("roberta"), large, timed("gpt2"), larger])
    assert most_telling(found) == large
    assert most_telling(drawn([timed()])) is None


def test_one_family_alone_unfolds_into_its_models_unless_somebody_chose_otherwise() -> None:
    assert completed(FAST, ViewState()).rows is Rows.MODEL
    assert completed(FAST, ViewState(rows=Rows.FAMILY)).rows is Rows.FAMILY
    assert completed([*FAST, timed("gpt2")], ViewState()).rows is Rows.FAMILY
    found, _, _ = chosen_heat_map(FAST, ViewState(rows=Rows.FAMILY))
    assert found is not None
    assert {cell.row for cell in found.cells} == {ENCODERS}


def test_the_smallest_batch_and_the_real_size_are_drawn_until_somebody_chooses() -> None:
    summaries = [timed(batch_size=8), timed(batch_size=2), timed(size=Size.TINY)]
    assert chosen_heat_map(summaries, ViewState())[1:] == (2, Size.DEFAULT)
    assert chosen_heat_map(summaries, ViewState(batch=8))[1:] == (8, Size.DEFAULT)
    assert chosen_heat_map(summaries, ViewState(batch=1))[1:] == (1, Size.TINY)


def test_checkpoints_are_drawn_beside_the_default_size_as_rows_of_their_own() -> None:
    large = "bert-large-uncased"
    summaries = [timed(), timed(size=large), timed(size=Size.TINY), timed(size="unheard-of")]
    found, batch, size = chosen_heat_map(summaries, ViewState(rows=Rows.MODEL))
    assert found is not None
    assert {cell.row for cell in found.cells} == {"bert", large, "unheard-of"}
    assert (batch, size) == (1, "default and published")
    assert found.baselines[large].case.size == large
    for chosen, rows, words in (("default", {"bert"}, "default"), (large, {large}, "published")):
        found, _, size = chosen_heat_map(summaries, ViewState(rows=Rows.MODEL, size=chosen))
        assert found is not None
        assert ({cell.row for cell in found.cells}, size) == (rows, words)


def test_without_a_second_way_ratios_give_way_to_figures() -> None:
    found, _, _ = chosen_heat_map([timed(), timed("gpt2")], ViewState(mode=Mode.RATIO))
    assert found is not None
    assert found.mode is Mode.ABSOLUTE


@pytest.mark.parametrize(
    "state", [ViewState(model="gpt2"), ViewState(metric=Metric.MODULE_IMPORT_TIME), ViewState(batch=64)]
)
def test_where_nothing_passes_there_is_no_heat_map(state: ViewState) -> None:
    assert chosen_heat_map(FAST, state)[0] is None


def test_metrics_of_startup_are_never_mixed_with_inference() -> None:
    started = a_summary(
        a_case(workload=Workload.STARTUP),
        estimates={Metric.MODULE_IMPORT_TIME: timed().estimates[Metric.LATENCY]},
        process_values={Metric.MODULE_IMPORT_TIME: processes(0.2)},
    )
    found, _, _ = chosen_heat_map([*FAST, started], ViewState(metric=Metric.MODULE_IMPORT_TIME))
    assert found is not None
    assert {summary.case for members in found.members.values() for summary in members} == {started.case}


def test_a_clicked_cell_is_let_go_when_the_rows_change() -> None:
    clicked = {"place": [ENCODERS, "cpu bf16"]}
    families, models = drawn(FAST), drawn(FAST, rows=Rows.MODEL)
    assert clicked_place(families, clicked) == (ENCODERS, "cpu bf16")
    assert clicked_place(models, clicked) is None
    assert selected_place(models, clicked) == ("bert", "cpu bf16")


def test_the_cell_of_the_case_that_was_chosen_in_the_table_is_outlined() -> None:
    found = drawn(FAST)
    assert selected_place(found, {"case": FAST[0].case.case_id}) == (ENCODERS, "cpu fp32")
    assert selected_place(found, {"case": "another"}) is None
    assert selected_place(found, None) == (ENCODERS, "cpu bf16")


def test_a_comparison_is_judged_among_everything_and_shown_among_what_passes() -> None:
    everything = [*FAST, timed("gpt2"), timed("gpt2", 0.03, precision=BF16)]
    found = heat_map(FAST, everything, Metric.LATENCY, Rows.MODEL, Mode.RATIO)
    (comparison,) = found.comparisons.values()
    assert isinstance(comparison, Comparison)
    assert comparison.q_value == pytest.approx(comparison.p_value)
    assert set(found.baselines) == {"bert"}


def test_what_cannot_be_asked_of_a_type_is_no_failure_of_it() -> None:
    reason = "bert has no generate()."
    impossible = a_summary(a_case(), latencies=(), last_failure=a_failure(FailureKind.NOT_AVAILABLE, reason))
    found = cell(drawn([impossible, timed("gpt2")]), ENCODERS, "cpu fp32")
    assert found.kind is CellKind.MISSING
    assert f"not available: {reason}" in found.hover


@pytest.mark.parametrize(
    ("option", "column"),
    [
        ({"compiled": True}, "cpu fp32 compiled"),
        ({"attention": "eager"}, "cpu fp32 eager attention"),
        ({"threads": 1}, "cpu fp32 1 thread"),
    ],
)
@pytest.mark.parametrize("rows", Rows)
def test_what_is_run_with_an_option_has_a_column_of_its_own(option: dict[str, object], column: str, rows: Rows) -> None:
    """Also where one model was run with it alone, and another without."""
    plain, optioned = timed(latency=0.04), timed(latency=0.02, **option)
    found = drawn([plain, optioned, timed("roberta"), timed("albert", 0.02, **option)], rows=rows)
    assert list(dict.fromkeys(one.column for one in found.cells)) == ["cpu fp32", column]
    row = ENCODERS if rows is Rows.FAMILY else "bert"
    assert plain in found.members[row, "cpu fp32"] and optioned not in found.members[row, "cpu fp32"]
    assert optioned in found.members[row, column] and plain not in found.members[row, column]
    assert cell(found, row, column).text == "2.00"


def test_columns_stand_plain_ways_first() -> None:
    ways = [timed(compiled=True), timed(backend="openvino"), timed(precision=BF16), timed(threads=2), timed()]
    columns = list(dict.fromkeys(one.column for one in drawn(ways).cells))
    assert columns == ["cpu fp32", "cpu fp32 2 threads", "cpu fp32 compiled", "cpu bf16", "openvino fp32"]
    chart = family_heatmap(drawn(ways).cells, metric=Metric.LATENCY, theme="light")
    assert list(chart.layout.xaxis.ticktext)[1:3] == ["cpu<br>fp32<br>2 threads", "cpu<br>fp32<br>compiled"]


def test_weights_that_have_changed_since_are_no_mean_with_those_of_before() -> None:
    before, after = (timed(checkpoint="org/mine", checkpoint_digest=digest * 32) for digest in ("0a", "0b"))
    found = drawn([after, before, timed(checkpoint="org/mine", checkpoint_digest="0b" * 32, precision=BF16)])
    assert found.members[ENCODERS, "cpu fp32"] == (after,)


def test_imported_figures_are_never_said_to_be_measured() -> None:
    theirs = [
        a_summary(a_case(**case), latencies=processes(latency, 5), provenance=Provenance.IMPORTED)
        for case, latency in (({}, 0.04), ({"precision": BF16}, 0.05))
    ]
    found = drawn(theirs, mode=Mode.ABSOLUTE)
    said = family_heatmap_title(found.cells, metric=found.metric, obtained=found.obtained)
    assert said == "cpu fp32 is fastest imported in 1 of 1 family"
