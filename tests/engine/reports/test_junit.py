from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from engine.domain.conformance import Check
from engine.domain.skillset_suite import SkillsetSuite, SuiteVerdict, Trial
from engine.reports.junit import junit_xml
from tests.suite_builders import A_QUANTITY, a_check_outcome, a_suite_outcome

ENDS = {
    Check.GENERATE: SuiteVerdict.NOT_APPLICABLE,
    Check.ROUND_TRIP: SuiteVerdict.FAILED,
    Check.COST: SuiteVerdict.NOT_TRIED,
    Trial.MEMORY_PEAK: SuiteVerdict.ERROR,
}


def totals(element: Element) -> dict[str, int]:
    return {name: int(element.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}


def test_each_check_is_a_case_and_each_suite_is_counted():
    root = fromstring(junit_xml([a_suite_outcome(SkillsetSuite.COMPREHENSIVE, ENDS), a_suite_outcome()]))
    first, second = root.findall("testsuite")
    assert (first.attrib["name"], second.attrib["name"]) == ("bert comprehensive", "bert basic")
    assert totals(first) == {"tests": 11, "failures": 1, "errors": 1, "skipped": 2}
    assert totals(second) == {"tests": 4, "failures": 0, "errors": 0, "skipped": 0}
    assert totals(root) == {"tests": 15, "failures": 1, "errors": 1, "skipped": 2}
    assert len(first.findall("testcase")) == 11
    case = first.find("testcase[@name='round_trip']")
    assert case is not None and case.attrib["classname"] == "modeldyno.comprehensive.bert"
    assert (first.attrib["time"], case.attrib["time"]) == ("2.500", "0.250")


def test_what_did_not_pass_says_how_and_why():
    root = fromstring(junit_xml([a_suite_outcome(SkillsetSuite.COMPREHENSIVE, ENDS)]))
    told = {
        case.attrib["name"]: [(child.tag, child.attrib["message"]) for child in case]
        for case in root.iter("testcase")
        if len(case)
    }
    assert told == {
        "generate": [("skipped", "generate came to nothing.")],
        "round_trip": [("failure", "round_trip came to nothing.")],
        "cost": [("skipped", "cost came to nothing.")],
        "memory_peak": [("error", "memory_peak came to nothing.")],
    }


def test_figures_are_properties_and_remarks_are_output():
    outcome = a_suite_outcome(outcomes=(a_check_outcome(detail="Compared: logits.", measured=(A_QUANTITY,)),))
    case = fromstring(junit_xml([outcome])).find("testsuite/testcase")
    assert case is not None
    found = case.find("properties/property")
    assert found is not None and found.attrib == {"name": "pass_peak", "value": "1572864 B"}
    assert case.findtext("system-out") == "Compared: logits."


def test_what_a_process_wrote_cannot_spoil_the_file():
    nasty = "a\x00b\x1b[31m <failure> & ]]> \ud800"
    outcome = a_suite_outcome(outcomes=(a_check_outcome(verdict=SuiteVerdict.FAILED, reason=nasty, detail=nasty),))
    failure = fromstring(junit_xml([outcome]).encode()).find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.attrib["message"] == failure.text == "a\ufffdb\ufffd[31m <failure> & ]]> \ufffd"


def test_a_type_without_a_skillset_is_an_error_of_its_own():
    root = fromstring(junit_xml([], {"clip_text": "A part of clip."}))
    assert totals(root) == {"tests": 1, "failures": 0, "errors": 1, "skipped": 0}
    error = root.find("testsuite[@name='clip_text']/testcase/error")
    assert error is not None and error.attrib["message"] == "A part of clip."
