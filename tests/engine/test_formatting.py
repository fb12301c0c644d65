"""Numbers as people read them: the cases of the visual language, and the edges around them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine import formatting
from engine.domain.measurement import Metric
from tests.builders import a_machine_state, an_estimate

MIB = 2.0**20
THIN = "\N{THIN SPACE}"
MINUS = "\N{MINUS SIGN}"


def estimate(value: float, low: float | None, high: float | None, processes: int = 5):
    return an_estimate(value, low=low, high=high, processes=processes)


@pytest.mark.parametrize(
    ("value", "low", "high", "metric", "expected"),
    [
        (0.0118, 0.0115, 0.0121, Metric.LATENCY, "11.8 ms (11.5 – 12.1)"),
        (0.027, 0.023, 0.033, Metric.LATENCY, "27 ms (23 – 33)"),
        (290, 240, 350, Metric.THROUGHPUT, "290 items/s (240 – 350)"),
        (402, 396, 409, Metric.THROUGHPUT, "402 items/s (396 – 409)"),
        (318 * MIB, 316 * MIB, 321 * MIB, Metric.PEAK_MEMORY, "318 MiB (316 – 321)"),
        (2.3, 2.1, 2.6, Metric.MODEL_INITIALIZATION_TIME, "2.3 s (2.1 – 2.6)"),
        (1_234.5, 1_200, 1_300, Metric.THROUGHPUT, "1.23 k items/s (1.20 – 1.30)"),
        (150, 140, 160, Metric.LATENCY, "2.50 min (2.33 – 2.67)"),
        (100.4, 99.2, 101.9, Metric.LATENCY, "100.4 s (99.2 – 101.9)"),
        (0.0001204, 0.0001201, 0.0001208, Metric.LATENCY, "120.4 µs (120.1 – 120.8)"),
        (3.2e-8, 3.1e-8, 3.3e-8, Metric.LATENCY, "32.0 ns (31.0 – 33.0)"),
    ],
)
def test_digits_follow_the_interval(value, low, high, metric, expected):
    assert formatting.format_estimate(estimate(value, low, high), metric).full == expected


def test_an_interval_of_no_width_shows_three_digits():
    assert formatting.format_estimate(estimate(0.0342, 0.0342, 0.0342), Metric.LATENCY).full == "34.2 ms (34.2 – 34.2)"


def test_an_absurdly_narrow_interval_shows_five_digits_at_most():
    assert formatting.format_estimate(estimate(0.0342, 0.03419999, 0.03420001), Metric.LATENCY).value == "34.200"


def test_without_an_interval_three_digits_and_n_are_shown():
    text = formatting.format_estimate(estimate(0.034217, None, None, processes=1), Metric.LATENCY)
    assert (text.value, text.interval, text.full) == ("34.2", None, "34.2 ms (n = 1)")


def test_a_column_has_one_unit_and_the_decimals_of_its_median_row():
    rows = [estimate(0.114, 0.112, 0.117), estimate(0.118, 0.1161, 0.1196), estimate(0.9, 0.8, 1.0)]
    texts = formatting.format_column(rows, Metric.LATENCY)
    assert [text.plain for text in texts] == ["114 ms", "118 ms", "900 ms"]


def test_a_column_says_no_more_of_a_value_than_its_tile():
    rows = [estimate(0.246, 0.227, 0.271), estimate(0.249, 0.23, 0.29)]
    assert [text.value for text in formatting.format_column(rows, Metric.LATENCY)] == ["250", "250"]
    assert formatting.format_estimate(rows[0], Metric.LATENCY).value == "250"


def test_a_row_much_smaller_than_its_column_keeps_two_digits():
    rows = [estimate(value, value / 3, value * 3) for value in (0.0013, 0.2, 0.4, 0.5)]
    assert [text.value for text in formatting.format_column(rows, Metric.LATENCY)] == ["1.3", "200", "400", "500"]


@pytest.mark.parametrize(
    ("values", "metric", "unit"),
    [
        ([0.011, 0.02, 3.0], Metric.LATENCY, "ms"),
        ([0.9996], Metric.LATENCY, "s"),
        ([119.0], Metric.LATENCY, "s"),
        ([121.0], Metric.LATENCY, "min"),
        ([7300.0], Metric.LATENCY, "h"),
        ([0.5], Metric.THROUGHPUT, "items/s"),
        ([2e6], Metric.THROUGHPUT, "M items/s"),
        ([1.5 * 2**30], Metric.PEAK_MEMORY, "GiB"),
        ([], Metric.LATENCY, "s"),
    ],
)
def test_the_unit_of_a_column_suits_its_median(values, metric, unit):
    assert formatting.scale_for(values, metric).unit == unit


@pytest.mark.parametrize(
    ("ratio", "metric", "expected"),
    [
        (0.807, Metric.LATENCY, f"1.24x faster ({MINUS}19{THIN}%)"),
        (1.18, Metric.LATENCY, f"1.18x slower (+18{THIN}%)"),
        (1.06, Metric.PEAK_MEMORY, f"1.06x more (+6{THIN}%)"),
        (0.5, Metric.PEAK_MEMORY, f"2.00x less ({MINUS}50{THIN}%)"),
        (2.9, Metric.THROUGHPUT, f"2.90x faster (+190{THIN}%)"),
        (0.5, Metric.THROUGHPUT, f"2.00x slower ({MINUS}50{THIN}%)"),
        (15.24, Metric.THROUGHPUT, f"15.2x faster (+1,424{THIN}%)"),
        (1.042, Metric.LATENCY, f"1.04x slower (+4.2{THIN}%)"),
        (2.0, Metric.GENERATION_THROUGHPUT, f"2.00x faster (+100{THIN}%)"),
        (1.5, Metric.SPEEDUP, f"1.50x better (+50{THIN}%)"),
        (0.5, Metric.SCALING_EFFICIENCY, f"2.00x worse ({MINUS}50{THIN}%)"),
    ],
)
def test_a_ratio_is_above_one_with_a_word_and_the_change_of_the_metric(ratio, metric, expected):
    assert formatting.format_ratio(ratio, metric) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "-"),
        (0, "0 s"),
        (0.12, "120 ms"),
        (5.24, "5.2 s"),
        (9.97, "10 s"),
        (38, "38 s"),
        (119.7, "2 min"),
        (1440, "24 min"),
        (6720, "1 h 52 min"),
        (3600, "1 h"),
    ],
)
def test_durations(seconds, expected):
    assert formatting.format_duration(seconds) == expected


@pytest.mark.parametrize(
    ("remaining", "expected"),
    [
        (None, "-"),
        ((730, 1100), "12 to 19 min"),
        ((36, 49), "35 to 50 s"),
        ((3.2, 7.9), "3 to 8 s"),
        ((0, 30), "up to 30 s"),
        ((0, 0), "less than 1 s"),
        ((5500, 8900), "1.5 to 2.5 h"),
        ((60, 60), "about 60 s"),
    ],
)
def test_what_is_left_is_a_range_rounded_outward(remaining, expected):
    assert formatting.format_eta(remaining) == expected


@pytest.mark.parametrize(
    ("count", "memory", "file"),
    [(None, "-", "-"), (512, "512 B", "512 B"), (2.7 * 2**30, "2.70 GiB", "2.90 GB"), (0, "0 B", "0 B")],
)
def test_memory_counts_in_powers_of_two_and_files_in_powers_of_ten(count, memory, file):
    assert (formatting.format_bytes(count), formatting.format_file_size(count)) == (memory, file)


def test_times_are_short_and_name_the_year_only_where_it_differs():
    at = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
    assert formatting.format_time(at, zone=UTC) == "23 Nov 02:10"
    assert formatting.format_time(at, now=datetime(2027, 1, 2, tzinfo=UTC), zone=UTC) == "23 Nov 2026 02:10"
    assert formatting.format_time(None) == "-"
    assert formatting.format_time_iso(at, zone=UTC) == "2026-11-23T02:10:00+00:00"


def test_age_is_relative_below_one_day():
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert formatting.format_age(now - timedelta(minutes=16), now) == "16 min ago"
    assert formatting.format_age(now - timedelta(seconds=2), now) == "just now"
    assert " ago" not in formatting.format_age(now - timedelta(days=2), now)


def test_missing_is_a_dash_and_never_zero():
    assert formatting.format_value(None, Metric.LATENCY) == "-"
    assert formatting.format_number(float("nan")) == "-"
    assert formatting.format_count(None) == "-"
    assert formatting.format_share(None) == "-"


def test_counted_knows_the_plural_and_groups_thousands():
    assert formatting.counted(1, "case") == "1 case"
    assert formatting.counted(1284, "case") == "1,284 cases"
    assert formatting.counted(2, "family", "families") == "2 families"


def test_small_negative_numbers_do_not_become_minus_zero():
    assert formatting.format_number(-0.5) == f"{MINUS}0.500"
    assert formatting.format_change(0.99999) == f"±0{THIN}%"


def test_a_value_keeps_two_digits_however_wide_its_interval() -> None:
    estimate = an_estimate(787.0, low=13.0, high=45_000.0)
    assert formatting.format_estimate(estimate, Metric.THROUGHPUT).value == "790"


def test_conditions_are_told_as_far_as_they_were_readable():
    bare = a_machine_state(frequency_hertz=None)
    assert formatting.format_conditions([bare]) == "load 0.4 over a minute, 12.0 GiB of memory free"
    assert formatting.format_conditions([]) == "-"


def test_conditions_of_several_results_are_their_range():
    cool = a_machine_state(governor="performance", boost=False, temperature_celsius=50.0, throttled=False)
    hot = a_machine_state(load_1min=2.0, boost=True, temperature_celsius=96.4, throttled=True, other_gpu_processes=3)
    assert formatting.format_conditions([cool, hot]) == (
        f"load 0.4 to 2.0 over a minute, clock 2.60{THIN}GHz, governor performance, boost off, boost allowed, "
        f"at most 96{THIN}°C, slowed for heat in 1 of 2, up to 3 other programs on the GPU, 12.0 GiB of memory free"
    )
    assert "never slowed for heat" in formatting.format_conditions([cool])


def test_what_disturbed_is_told_by_its_cause_and_the_most_of_each():
    calm = a_machine_state(other_gpu_processes=0)
    assert formatting.format_disturbances([calm]) == ""
    shared = a_machine_state(cpu_busy_others=0.4, other_gpu_processes=1)
    assert formatting.format_disturbances([calm, shared]) == (
        f"other programs took up to 40{THIN}% of the CPU, up to 1 other program computed on the GPU"
    )
    rented = a_machine_state(cpu_steal=0.2, throttled=True)
    assert formatting.format_disturbances([rented]) == (
        f"the hypervisor gave up to 20{THIN}% of the CPU to other machines, heat slowed a processor"
    )


def test_a_device_whose_free_memory_is_not_known_is_named():
    assert formatting.format_unchecked(["cuda", "rocm"]) == (
        "How much memory is free on cuda and rocm is not known, so whether cases fit there was not checked."
    )


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (1.872, Metric.SPEEDUP, "1.87x"),
        (93.6, Metric.SCALING_EFFICIENCY, f"93.6{THIN}%"),
        (1234.0, Metric.GENERATION_THROUGHPUT, "1.23 k tokens/s"),
        (84.2, Metric.REQUESTS_PER_SECOND, "84.2 requests/s"),
        (0.51, Metric.MODELS_PER_SECOND, "0.510 models/s"),
    ],
)
def test_units_of_ratios_stand_close_and_rates_name_what_they_count(value: float, metric: Metric, text: str) -> None:
    assert formatting.format_value(value, metric) == text
    assert formatting.format_estimate(estimate(value, None, None), metric).plain == text
