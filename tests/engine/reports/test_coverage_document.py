from __future__ import annotations

from engine.analysis.coverage import count, cover, ways_of
from engine.domain.case import Precision
from engine.domain.conformance import Check, Verdict
from engine.domain.library_version import LibraryVersion
from engine.reports.coverage_document import coverage_document
from tests.builders import A_TIME, a_model, an_environment
from tests.conformance_builders import a_conformance, an_outcome

VERSION = LibraryVersion(
    library="transformers", version="5.23.0", model_types=3, first_examined_at=A_TIME, last_examined_at=A_TIME
)


def _document(*examined, **changes):
    environment = an_environment()
    entries = cover([a_model("bert"), a_model("gpt2"), a_model("t5")], examined)
    ways = [[entry for entry in entries if (entry.backend, entry.precision) == way] for way in ways_of(examined)]
    return coverage_document(
        [(count(found), found) for found in ways], [VERSION], {environment.environment_id: environment}
    )


def test_the_same_examinations_make_the_same_bytes_in_any_order():
    examined = [a_conformance("bert"), a_conformance("gpt2"), a_conformance("bert", precision=Precision.BF16)]
    assert _document(*examined) == _document(*reversed(examined))


def test_it_says_from_which_libraries_machine_and_time_it_is():
    text = _document(a_conformance("bert"), a_conformance("gpt2", days=1))
    assert "- Libraries: transformers 5.23.0; torch 2.13.0\n" in text
    assert f"- Machine: {an_environment().label}, Linux 6.1\n" in text
    assert "- Examined: 2026-03-14T09:26:53+00:00 to 2026-03-15T09:26:53+00:00\n" in text


def test_families_are_counted_and_every_type_has_a_line_of_signs():
    text = _document(a_conformance("bert"), a_conformance("gpt2", {Check.FORWARD: Verdict.FAILS}))
    assert "| text decoder | 1 | 0 | 0 | 1 | 0 | 0 | 0 |\n" in text
    assert "| bert | ● | ● | ● | ● | ● | ● | ● | ● | ● |\n" in text
    assert "| gpt2 | ● | ● | ✗ | ○ | ○ | ○ | ○ | ○ | ○ |\n" in text
    assert "| t5 | ○ | ○ | ○ | ○ | ○ | ○ | ○ | ○ | ○ |\n" in text


def test_every_type_that_falls_short_is_listed_with_its_check_and_reason():
    _, _, listed = _document(a_conformance("bert"), a_conformance("gpt2", {Check.BATCH: Verdict.FAILS})).partition(
        "### What does not work fully, cpu fp32"
    )
    assert (
        "| gpt2 | text decoder | fails | Batch | RuntimeError: shapes (2, 8) and (4, 16) cannot be multiplied. |"
        in listed
    )
    assert "| t5 | text to text | not tried | - | Never examined. |" in listed
    assert "| bert |" not in listed


def test_nothing_of_a_reason_becomes_markup():
    hostile = an_outcome(Check.FORWARD, Verdict.FAILS, reason="<script> a | b\n`c` [d](e) **f** __init__ x_y \\")
    text = _document(a_conformance("bert", outcomes=(hostile,)))
    assert "\\<script> a \\| b \\`c\\` \\[d](e) \\*\\*f\\*\\* \\__init_\\_ x_y \\\\ |" in text


def test_all_is_well():
    everything = [a_conformance(name) for name in ("bert", "gpt2", "t5")]
    assert "Nothing: every type passes every check that applies to it." in _document(*everything)
