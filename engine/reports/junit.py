"""Outcomes of skillset tests as JUnit XML, which CI systems read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from engine.domain.skillset_suite import SuiteCheckOutcome, SuiteOutcome, SuiteVerdict

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters, which a process may write to its log and no XML may hold."""
_ELEMENTS = {
    SuiteVerdict.FAILED: "failure",
    SuiteVerdict.ERROR: "error",
    SuiteVerdict.NOT_APPLICABLE: "skipped",
    SuiteVerdict.NOT_TRIED: "skipped",
}


def junit_xml(outcomes: Sequence[SuiteOutcome], refused: Mapping[str, str] | None = None) -> str:
    """One `testsuite` for each model type and suite, one `testcase` for each check.

    What does not apply and what was not tried is skipped, with the reason. Figures stand among the properties.
    `refused` are types of which no skillset could be made, each with the reason: an error of one case each.
    """
    refused = refused or {}
    root = Element("testsuites", name="modeldyno test")
    verdicts = [each.verdict for outcome in outcomes for each in outcome.outcomes]
    _set_totals(root, [*verdicts, *(SuiteVerdict.ERROR for _ in refused)])
    root.set("time", _seconds(sum(each.seconds for each in outcomes)))
    for outcome in outcomes:
        _add_suite(root, outcome)
    for name, reason in refused.items():
        suite = SubElement(root, "testsuite", name=_text(name))
        _set_totals(suite, [SuiteVerdict.ERROR])
        case = SubElement(suite, "testcase", classname=_text(f"modeldyno.{name}"), name="skillset", time=_seconds(0.0))
        SubElement(case, "error", message=_text(reason), type=SuiteVerdict.ERROR.value)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _add_suite(root: Element, outcome: SuiteOutcome) -> None:
    name = f"{outcome.model_type} {outcome.suite.value}"
    suite = SubElement(root, "testsuite", name=_text(name))
    _set_totals(suite, [each.verdict for each in outcome.outcomes])
    suite.set("time", _seconds(outcome.seconds))
    suite.set("timestamp", outcome.started_at.isoformat(timespec="seconds"))
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", name="checksum", value=_text(outcome.checksum))
    SubElement(properties, "property", name="environment_id", value=_text(outcome.environment_id))
    for each in outcome.outcomes:
        _add_case(suite, f"modeldyno.{outcome.suite.value}.{outcome.model_type}", each)


def _add_case(suite: Element, class_name: str, outcome: SuiteCheckOutcome) -> None:
    case = SubElement(suite, "testcase", classname=_text(class_name), name=outcome.check.value)
    case.set("time", _seconds(outcome.seconds or 0.0))
    if outcome.measured:
        properties = SubElement(case, "properties")
        for quantity in outcome.measured:
            value = f"{quantity.value:.12g} {quantity.unit.value}"
            SubElement(properties, "property", name=quantity.name, value=value)
    element = _ELEMENTS.get(outcome.verdict)
    if element is not None:
        ended = SubElement(case, element, message=_text(outcome.reason or outcome.verdict.value))
        if element != "skipped":
            ended.set("type", outcome.verdict.value)
            ended.text = _text(outcome.detail or outcome.reason or "")
    elif outcome.detail or outcome.reason:
        SubElement(case, "system-out").text = _text(outcome.detail or outcome.reason or "")


def _set_totals(element: Element, verdicts: Sequence[SuiteVerdict]) -> None:
    found = [_ELEMENTS.get(verdict) for verdict in verdicts]
    element.set("tests", str(len(found)))
    for counted, name in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(counted, str(found.count(name)))


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _text(value: str) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", value)
