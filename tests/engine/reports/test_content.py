from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from engine.domain.against import Against
from engine.domain.case import Precision, Workload
from engine.domain.measurement import Metric
from engine.domain.model import Size
from engine.domain.result import FailureKind, ResultStatus
from engine.domain.summary import CaseSummary
from engine.reports.answers import report_summary, report_title
from engine.reports.charts import charts_of, rankings
from engine.reports.content import ReportContent, build_content, metrics_in
from engine.reports.facts import protocol_facts, run_facts
from engine.reports.html import render_html
from engine.reports.tables import method_table, model_table, process_table, result_table
from tests.builders import (
    A_TIME,
    a_case,
    a_failed_result,
    a_machine_state,
    a_protocol,
    a_request,
    a_result,
    a_run,
    a_summary,
    an_environment,
)
from tests.calibration_builders import a_calibration, a_noise
from tests.engine.reports.conftest import measured


def of(*summaries: object, results: object = ()) -> ReportContent:
    return build_content(
        a_run(),
        an_environment(),
        summaries,
        results,
        report_id="r",
        created_at=A_TIME,  # type: ignore[arg-type]
    )


def test_executions_with_one_reason_are_one_line_and_failures_come_first(content: ReportContent) -> None:
    assert [(line.status, line.executions) for line in content.left_out] == [
        (ResultStatus.FAILED, 2),
        (ResultStatus.SKIPPED, 1),
    ]


def test_a_case_that_only_failed_is_no_result(content: ReportContent) -> None:
    assert {summary.case.model_type for summary in content.summaries} == {"bert", "gpt2"}
    assert of(a_summary(latencies=())).summaries == ()


def test_every_measured_case_has_one_row_with_its_interval_and_source(content: ReportContent) -> None:
    table = result_table(content, Workload.INFERENCE)
    assert table is not None
    assert len(table.rows) == len(content.summaries)
    labels = [column.label for column in table.columns]
    latency = labels.index("Latency, ms")
    assert all("–" in row[latency].detail for row in table.rows)
    assert all(row[labels.index("Source")].text.endswith("measured") for row in table.rows)
    assert all(row[labels.index("n")].text == "5" for row in table.rows)


def test_a_single_process_shows_n_instead_of_an_interval() -> None:
    table = result_table(of(a_summary(latencies=(0.04,))), Workload.INFERENCE)
    assert table is not None
    assert table.rows[0][5].detail == "n = 1"


def test_a_workload_without_results_has_no_table(content: ReportContent) -> None:
    assert result_table(content, Workload.STARTUP) is None


def test_a_case_that_ran_elsewhere_says_where() -> None:
    table = result_table(of(a_summary(a_case(backend="cuda"), actual_device="cpu")), Workload.INFERENCE)
    assert table is not None
    assert table.rows[0][1].detail == "ran on cpu"


def test_a_noisy_measurement_is_marked() -> None:
    table = result_table(of(a_summary(is_noisy=True)), Workload.INFERENCE)
    assert table is not None
    assert table.rows[0][-1].detail == "disturbed"
    for state, why in (
        (a_machine_state(throttled=True), "heat slowed a processor"),
        (a_machine_state(other_gpu_processes=2), "up to 2 other programs computed on the GPU"),
    ):
        table = result_table(of(a_summary(is_noisy=True, machines=(state,))), Workload.INFERENCE)
        assert table is not None
        assert table.rows[0][-1].detail == f"disturbed: {why}"


def test_how_quiet_the_machine_was_is_said_no_better_than_known() -> None:
    def said(*noisy: bool | None) -> str:
        models = ("bert", "gpt2", "t5")
        found = of(*(a_summary(a_case(model), is_noisy=state) for model, state in zip(models, noisy, strict=False)))
        return dict(protocol_facts(found))["Quiet"]

    assert said(False, False) == "other programs took less than 5 % of the CPU throughout"
    assert said(False, None).endswith("throughout; not known of 1 of 2 cases: the measurements were too short to tell")
    assert said(None) == "not known: the measurements were too short to tell"
    untold = of(a_summary(a_case("bert"), is_noisy=None, machines=(a_machine_state(is_gpu_untold=True),)))
    assert dict(protocol_facts(untold))["Quiet"] == "not known: nobody tells what else used the GPU"
    assert said(True, False, None).startswith("1 of 3 cases measured while something disturbed them")


def test_what_disturbed_is_said_by_its_cause() -> None:
    shared = a_summary(a_case("bert"), is_noisy=True, machines=(a_machine_state(other_gpu_processes=2),))
    told = dict(protocol_facts(of(shared)))["Quiet"]
    assert "disturbed them (up to 2 other programs computed on the GPU); their rows say so" in told


def test_pinning_is_told_as_what_was_asked_for() -> None:
    found = of(a_summary())
    pinned = replace(found, run=replace(found.run, request=a_request(protocol=a_protocol(pinned=True))))
    assert dict(protocol_facts(found))["Pinning"] == "none, the scheduler chooses"
    assert dict(protocol_facts(pinned))["Pinning"].startswith("asked for: ")
    in_pairs = replace(found.run, request=replace(found.run.request, against=Against(threads=1)))
    assert "bound to the same cores" in dict(protocol_facts(replace(found, run=in_pairs)))["Pinning"]


def test_the_weights_are_those_of_the_checkpoint_where_one_was_asked_for() -> None:
    trained = a_case(size="checkpoint", checkpoint="acme/bert-legal", checkpoint_digest="0a" * 32)

    def weights(content: ReportContent) -> str:
        return dict(protocol_facts(content))["Weights"]

    def of_checkpoint(content: ReportContent) -> ReportContent:
        return replace(content, run=replace(content.run, request=a_request("bert", checkpoint="acme/bert-legal")))

    assert weights(of(a_summary())).startswith("random")
    assert weights(of_checkpoint(of(a_summary(trained)))) == "those of acme/bert-legal, sha256 digest 0a0a0a0a0a0a"
    assert weights(of_checkpoint(of())) == "those of acme/bert-legal"


def test_the_title_of_a_run_is_its_first_fact() -> None:
    found = of(a_summary())
    named = replace(found, run=replace(found.run, request=a_request(title="nightly")))
    assert run_facts(named)[0] == ("Title", "nightly")
    assert "Title" not in dict(run_facts(found))


def test_a_remark_of_one_case_names_it_and_those_that_are_not_told_are_counted() -> None:
    ours, other = a_case("bert"), a_case("gpt2")
    results = [
        a_result(ours, notes=("shared", "alone"), repetition=0),
        a_result(ours, notes=("shared", "alone"), repetition=1),
        a_result(other, notes=("shared", *(f"rare {number}" for number in range(12)))),
    ]
    found = of(a_summary(ours), a_summary(other), results=results)
    assert [(remark.text, remark.label, remark.executions) for remark in found.remarks[:3]] == [
        ("shared", None, 3),
        ("alone", ours.label, 2),
        ("rare 0", other.label, 1),
    ]
    assert (len(found.remarks), found.more_remarks) == (12, 2)
    page = render_html(found).decode()
    assert f"<b>{ours.label}</b>: alone" in page
    assert "and 2 more remarks" in page
    alone = of(a_summary(ours), results=results[:2])
    assert [remark.label for remark in alone.remarks] == [None, None]
    assert "more remark" not in render_html(alone).decode()


def test_the_conditions_of_all_processes_are_told_together() -> None:
    calm, hot = a_machine_state(), a_machine_state(load_1min=2.5, throttled=True)
    found = of(a_summary(machines=(calm, calm)), a_summary(a_case("gpt2"), machines=(hot,)))
    said = dict(protocol_facts(found))["Conditions"]
    assert said.startswith("load 0.4 to 2.5 over a minute")
    assert "slowed for heat in 1 of 3" in said


def test_process_values_and_method_cover_every_metric_of_the_report(content: ReportContent) -> None:
    assert len(process_table(content).rows) == 3 * len(content.summaries)
    assert len(method_table(content).rows) == len(metrics_in(content)) == 3


def test_what_was_run_names_each_model_once_with_its_module(content: ReportContent) -> None:
    rows = model_table(content).rows
    assert [row[0].text for row in rows] == ["bert", "gpt2"]
    assert rows[0][-1].text == "b" * 12


def test_title_names_the_fastest_of_several_models(content: ReportContent) -> None:
    assert report_title(content) == "bert is fastest of 2 models on cpu fp32: 50.0 items/s"


def test_title_of_one_model_says_which_way_is_faster() -> None:
    summaries, results = measured(("bert",))
    assert (
        report_title(of(*summaries, results=results))
        == "cpu bf16 runs bert 2.00x faster than cpu fp32 at batch 1 and 8"
    )
    at_one = [summary for summary in summaries if summary.case.batch_size == 1]
    assert report_title(of(*at_one)) == "cpu bf16 runs bert 2.00x faster than cpu fp32, batch 1"


def test_title_of_one_model_tells_every_batch_size() -> None:
    def way(precision: Precision, batch_size: int, latency: float) -> CaseSummary:
        latencies = [latency * (1 + 0.002 * step) for step in range(-2, 3)]
        return a_summary(a_case(precision=precision, batch_size=batch_size), latencies=latencies)

    fp32, bf16 = Precision.FP32, Precision.BF16
    small = way(fp32, 1, 0.010), way(bf16, 1, 0.013)
    large = way(fp32, 8, 0.080), way(bf16, 8, 0.030)
    same = way(fp32, 4, 0.040), way(bf16, 4, 0.040)
    assert report_title(of(*small, *large)) == "Fastest way to run bert: cpu fp32 at batch 1, cpu bf16 at batch 8"
    assert report_title(of(*large, *same)) == "Fastest way to run bert: cpu bf16 at batch 8, undecided at batch 4"
    titles = [chart.subtitle for chart in charts_of([*small, *large]) if "against" in chart.subtitle]
    assert ["batch 1" in title for title in titles] == [True, False]


def test_title_of_too_few_processes_stays_undecided() -> None:
    summaries, results = measured(("bert",), processes=3)
    assert report_title(of(*summaries, results=results)) == (
        "bert: no way to run it is clearly fastest at batch 1 and 8"
    )
    at_one = [summary for summary in summaries if summary.case.batch_size == 1]
    assert "undecided at n = 3" in report_title(of(*at_one))


def test_title_of_a_single_case_is_its_figure() -> None:
    assert report_title(of(a_summary())) == "bert takes 42.0 ms for a forward pass at batch 1 on cpu fp32"


def test_tiny_sizes_never_pose_as_speed() -> None:
    tiny = [a_summary(a_case(model, size=Size.TINY)) for model in ("bert", "vit")]
    assert report_title(of(*tiny)) == "bert and vit run here in tiny size, which proves no real speed"


def test_title_of_a_run_without_a_number_says_so() -> None:
    title = report_title(of(results=[a_failed_result(), a_failed_result(a_case("vit"))]))
    assert title == "Run 1: none of 2 results could be measured"
    known = a_failed_result(kind=FailureKind.ALREADY_MEASURED, status=ResultStatus.SKIPPED)
    assert report_title(of(results=[known])) == "Run 1 measured nothing new: 1 result known from before"
    assert report_title(of()) == "Run 1 ended before anything was measured"


def test_summary_counts_what_was_left_out(content: ReportContent) -> None:
    said = report_summary(content)
    assert "8 cases measured in 40 processes, 2 failed, 1 skipped" in said
    assert content.environment.label in said


def test_summary_says_how_long_the_run_was_carried_out_whenever_it_began_and_ended(content: ReportContent) -> None:
    resumed = replace(content, run=replace(content.run, finished_at=A_TIME + timedelta(days=1), active_seconds=42.0))
    assert "took 42 s:" in report_summary(resumed)


def test_a_checkpoint_is_called_by_its_name_in_titles_tables_and_the_command() -> None:
    large = a_summary(a_case(size="bert-large-uncased"), latencies=(0.121, 0.122, 0.123))
    said = of(large, results=[a_result(large.case)])
    assert report_title(said).startswith("bert-large-uncased takes 122 ms")
    table = result_table(said, Workload.INFERENCE)
    assert table is not None
    assert table.rows[0][0].text == "bert-large-uncased"
    assert [cell.text for cell in model_table(said).rows[0][:3]] == ["bert", "text encoder", "bert-large-uncased"]
    assert "--size auto" in said.command
    (group,) = rankings([a_summary(), large])
    assert [summary.case.model for summary in group] == ["bert", "bert-large-uncased"]
    subtitles = [chart.subtitle for chart in charts_of([a_summary(), large])]
    assert "batch 1, default and published size" in subtitles[0]


def test_rankings_prefer_real_sizes_fp32_and_the_smallest_batch() -> None:
    summaries, _ = measured()
    tiny = [a_summary(a_case(model, size=Size.TINY)) for model in ("bert", "gpt2")]
    case = rankings([*tiny, *reversed(summaries)])[0][0].case
    assert (case.size, case.precision, case.batch_size) == (Size.DEFAULT, "fp32", 1)


def test_charts_need_something_to_compare(content: ReportContent) -> None:
    assert charts_of([a_summary()]) == []
    titles = [chart.title for chart in charts_of(content.summaries)]
    assert any("fastest" in title for title in titles)
    assert any("bf16 runs bert" in title for title in titles)
    assert any(title.startswith("bert: cpu bf16: batch 8 brings") for title in titles)


def test_startup_is_ranked_by_how_long_building_takes() -> None:
    case = a_case(workload=Workload.STARTUP)
    metric = Metric.CLASS_INSTANTIATION_TIME
    summary = a_summary(case)
    startup = a_summary(
        case, estimates={metric: summary.estimates[Metric.LATENCY]}, process_values={metric: (0.041, 0.042, 0.043)}
    )
    said = of(startup, results=[a_result(case)])
    assert report_title(said) == "bert is built in 42.0 ms"
    assert result_table(said, Workload.STARTUP) is not None


def test_the_command_measures_again_what_was_measured() -> None:
    request = a_request("bert", incremental=True)
    tiny = a_summary(a_case(size=Size.TINY))
    content = build_content(a_run(request=request), an_environment(), [tiny], [], report_id="r", created_at=A_TIME)
    assert "--incremental" not in content.command
    assert "--size tiny" in content.command


def test_two_undecided_rankings_name_their_figure() -> None:
    titles = [chart.title for chart in charts_of([a_summary(a_case(model)) for model in ("bert", "gpt2")])]
    assert titles[:2] == [
        "Throughput: no model leads on cpu fp32: their intervals overlap",
        "Peak memory: no model leads on cpu fp32: their intervals overlap",
    ]


def test_a_report_says_what_its_verdicts_resolve_and_what_the_meters_are_worth() -> None:
    few = [a_summary(latencies=(0.04, 0.041)), a_summary(a_case(precision=Precision.BF16), latencies=(0.02, 0.021))]
    assert "not calibrated" in next(chart.footnote for chart in charts_of(few))
    assert "5 processes would resolve ±" in next(chart.footnote for chart in charts_of(few, noise=a_noise()))
    assert dict(protocol_facts(of(*few)))["Meters"].startswith("not calibrated on this machine")
    calibrated = dict(protocol_facts(replace(of(*few), calibration=a_calibration())))["Meters"]
    assert calibrated.startswith("All 4 goals hold. ") and "5 processes a side resolve ±" in calibrated
