"""Rows that are understood, and files that are refused by line."""

from __future__ import annotations

from typing import Any

import pytest

from engine.catalog.registry import Catalog
from engine.domain.case import Precision, Workload
from engine.domain.imported import ImportedRow
from engine.domain.measurement import Metric
from engine.domain.model import Family
from engine.errors import InvalidValue
from engine.importing.interpret import interpret
from engine.importing.named_models import NamedModels
from engine.importing.table import parse_json, table_of_csv, table_of_json

HEAD = "model,backend,precision,batch_size,latency_ms\n"
FULL = "bert,cpu,fp32,8,"


def read(catalog: Catalog, text: str, described: dict[str, Any] | None = None, **how: Any) -> list[ImportedRow]:
    return interpret(table_of_csv(text), NamedModels(catalog, described or {}), **how)


def refusal(catalog: Catalog, text: str, **how: Any) -> str:
    with pytest.raises(InvalidValue) as caught:
        read(catalog, text, **how)
    return caught.value.message


def test_a_row_becomes_a_case_in_si_units(catalog: Catalog):
    (row,) = read(catalog, HEAD + FULL + "12.5\n")
    assert (row.case.model_type, row.case.family, row.case.size) == ("bert", Family.TEXT_ENCODER, "default")
    assert (row.case.backend, row.case.precision, row.case.batch_size) == ("cpu", Precision.FP32, 8)
    assert row.case.workload is Workload.INFERENCE
    assert [(found.metric, found.samples) for found in row.measurements] == [(Metric.LATENCY, (0.0125,))]


def test_the_long_form_and_a_unit_column_say_the_same(catalog: Catalog):
    long = read(catalog, "model,backend,precision,batch_size,metric,value,unit\nbert,cpu,fp32,8,latency,12.5,ms\n")
    beside = read(catalog, "model,backend,precision,batch_size,latency,unit\nbert,cpu,fp32,8,12.5,ms\n")
    assert long[0].measurements == beside[0].measurements == read(catalog, HEAD + FULL + "12.5\n")[0].measurements


def test_a_list_is_the_samples(catalog: Catalog):
    (row,) = read(catalog, HEAD.replace(",", ";") + FULL.replace(",", ";") + "[12, 13]\n")
    assert row.measurements[0].samples == (0.012, 0.013)


def test_json_is_read_like_a_table(catalog: Catalog):
    table = table_of_json(
        [{"model": "gpt2", "device": "Tesla T4", "precision": "float16", "batch_size": 1, "latency_s": [0.1, 0.2]}]
    )
    (row,) = interpret(table, NamedModels(catalog, {}))
    assert (row.case.backend, row.case.precision, row.machine.device) == ("cuda", Precision.FP16, "Tesla T4")
    assert row.measurements[0].samples == (0.1, 0.2)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (FULL + "-3", "line 2: latency_ms -3 is not a positive number."),
        (FULL + "0", "line 2: latency_ms 0 is not a positive number."),
        (FULL + "nan", "line 2: latency_ms 'nan' is no finite number."),
        (FULL + "soon", "line 2: latency_ms 'soon' is no number."),
        (FULL, "line 2: there is no figure"),
        ("bert,cpu,fp33,8,1", "line 2: precision 'fp33' is unknown; choose from fp32"),
        ("bert,cpu,fp32,0,1", "line 2: batch_size '0' is not a whole number of 1 or more."),
        ("bert,cpu,fp32,2.5,1", "line 2: batch_size '2.5' is not a whole number"),
        ("bert,cpu,fp32,99999,1", "line 2: batch_size 99999 is more than 4096."),
        ("bert,,fp32,8,1", "line 2: there is no backend"),
        (",cpu,fp32,8,1", "line 2: there is no model"),
        ("mine,cpu,fp32,8,1", "line 2: model 'mine' is neither a model type nor a published checkpoint"),
        (FULL + "1,2", "line 2: 6 cells under 5 columns"),
        ('bert,cpu,fp32,8,"1', "no CSV"),
    ],
)
def test_a_faulty_row_is_refused_by_its_line(catalog: Catalog, line: str, words: str):
    assert words in refusal(catalog, HEAD + line + "\n")


def test_every_faulty_line_is_told_up_to_ten(catalog: Catalog):
    told = refusal(catalog, HEAD + (FULL + "1\n") * 2 + (FULL + "-1\n") * 12)
    assert told.startswith("line 4: ") and "line 13: " in told and "line 14: " not in told
    assert told.endswith("And 2 more.")


def test_a_missing_unit_is_refused_by_its_line(catalog: Catalog):
    head = "model,backend,precision,batch_size,latency,unit\n"
    told = refusal(catalog, head + "bert,cpu,fp32,8,1,ms\nbert,cpu,fp32,8,1,\n")
    assert told == "line 3: latency has no unit; name the column latency_s or fill unit."
    assert "'MB' is no unit of latency" in refusal(catalog, head + "bert,cpu,fp32,8,1,MB\n")
    assert "line 2: latency has no unit" in refusal(catalog, HEAD.replace("_ms", "") + FULL + "1\n")


def test_an_unknown_column_is_refused_until_it_is_mapped_or_left_out(catalog: Catalog):
    text = HEAD.replace("\n", ",laterncy\n") + FULL + "1,2\n"
    assert "line 1: unknown column 'laterncy'. Did you mean latency?" in refusal(catalog, text)
    assert len(read(catalog, text, mapping={"laterncy": "ignore"})) == 1
    renamed = HEAD.replace("batch_size", "bs") + FULL + "1\n"
    assert read(catalog, renamed, mapping={"bs": "batch_size"})[0].case.batch_size == 8
    assert "there is no such column" in refusal(catalog, renamed, mapping={"b": "batch_size"})
    assert "two columns are model" in refusal(catalog, renamed, mapping={"bs": "model"})


def test_what_the_file_lacks_may_be_set_for_all_of_it(catalog: Catalog):
    (row,) = read(
        catalog, "model,latency_ms\nbert,1\n", constants={"backend": "cpu", "precision": "bf16", "batch_size": "4"}
    )
    assert (row.case.precision, row.case.batch_size) == (Precision.BF16, 4)
    assert "--set bach: no such field" in refusal(catalog, HEAD + FULL + "1\n", constants={"bach": "1"})


def test_a_metric_of_another_workload_is_refused(catalog: Catalog):
    assert "prefill_time is no metric of inference" in refusal(
        catalog, HEAD.replace("latency", "prefill_time") + FULL + "1"
    )


def test_a_published_checkpoint_is_a_size_of_its_type(catalog: Catalog):
    (row,) = read(catalog, HEAD + "bert-large-uncased,cpu,fp32,8,1\n")
    assert (row.case.model_type, row.case.size, row.case.model) == ("bert", "bert-large-uncased", "bert-large-uncased")


@pytest.mark.parametrize(
    ("told", "model_type", "family"),
    [
        ({"model_type": "bert"}, "bert", Family.TEXT_ENCODER),
        ({"architectures": ["GPT2LMHeadModel"]}, "gpt2", Family.TEXT_DECODER),
        ({"family": "text_decoder"}, "mine", Family.TEXT_DECODER),
    ],
)
def test_a_name_means_what_is_told_of_it(catalog: Catalog, told, model_type: str, family: Family):
    (row,) = read(catalog, HEAD + "mine,cpu,fp32,8,1\n", {"mine": told})
    assert (row.case.model_type, row.case.family) == (model_type, family)
    assert row.case.model == "mine"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"model_type": "berd"}, "did you mean bert"),
        ({"family": "tex"}, "is unknown"),
        ({"architectures": ["X"]}, "add its model_type"),
    ],
)
def test_what_is_told_wrongly_of_a_name_is_refused(catalog: Catalog, told, words: str):
    with pytest.raises(InvalidValue, match=words):
        read(catalog, HEAD + "mine,cpu,fp32,8,1\n", {"mine": told})


@pytest.mark.parametrize("text", ["", "model,latency_ms\n", "# only a remark\n"])
def test_an_empty_file_is_refused(catalog: Catalog, text: str):
    assert "has no rows" in refusal(catalog, text)


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("measured_at", "0001-01-01T00:00:00+14:00", "outside the years 1 to 9999"),
        ("sequence_length", "99999999999999999999", "is more than 2147483647"),
        ("cores", "3000000000", "is more than 2147483647"),
        ("energy_kj", "1e308", "too large or too small"),
        ("energy_j", "1_000", "is no number"),
        ("unit", "s", "unit says 's'"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_line(catalog: Catalog, column: str, cell: str, words: str):
    head = HEAD.replace("\n", f",{column}\n")
    said = refusal(catalog, f"{head}{FULL}12.5,{cell}\n")
    assert said.startswith("line ")
    assert words in said


def test_a_unit_that_says_the_same_as_the_column_is_fine(catalog: Catalog):
    (row,) = read(catalog, HEAD.replace("\n", ",unit\n") + FULL + "12.5,ms\n")
    assert row.measurements[0].samples == (0.0125,)


def test_a_latency_that_lost_its_digits_is_refused(catalog: Catalog):
    assert "too large or too small" in refusal(catalog, HEAD + FULL + "1e-320\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"latency_ms": 1, "latency_ms": 9}]', "'latency_ms' stands twice"),
        ("[" * 200_000 + "]" * 200_000, "nested too deep"),
    ],
)
def test_json_that_says_two_things_or_too_deep_is_refused(text: str, words: str):
    with pytest.raises(InvalidValue, match=words):
        parse_json(text)


def test_a_whole_number_of_many_digits_is_refused_by_row(catalog: Catalog):
    row = {"model": "bert", "backend": "cpu", "precision": "fp32", "batch_size": 8, "latency_ms": 10**400}
    with pytest.raises(InvalidValue, match=r"row 1: .*401 digits"):
        interpret(table_of_json([row]), NamedModels(catalog, {}))
