"""/api/test: skillsets are tested."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify

from app import data
from app.documented import documented
from app.endpoints.json_body import read_body
from app.endpoints.names import model_named
from app.endpoints.operations import add_operation_routes, start_operation
from app.endpoints.query_string import refuse_query
from app.endpoints.repeatable import repeatable
from engine.contract.operations import StartedOperation
from engine.contract.skillset_tests import SkillsetTestBody, SkillsetTestResults, SuiteTypes
from engine.domain.operation import OperationKind
from engine.domain.skillset_suite import SUITES
from engine.formatting import counted
from engine.reports.suite_words import SUITE_CHECK_MEANINGS, SUITE_CHECK_TITLES, SUITE_MEANINGS

skillset_tests = Blueprint("test", __name__, url_prefix="/api/test")


@skillset_tests.post("/run")
@documented(
    "test", accepted=StartedOperation, body=SkillsetTestBody, problems=(HTTPStatus.CONFLICT,), is_repeatable=True
)
@repeatable
def start_test() -> Any:
    """Test the skillsets of model types, in the background."""
    body = read_body(SkillsetTestBody)
    catalog = data.workbench().catalog
    chosen = list(dict.fromkeys(model_named(catalog, name, field="models").model.name for name in body.models))
    request = body.model_dump(mode="json") | {"models": chosen}
    words = f"{counted(len(chosen), 'skillset')} are being tested: {body.suite.value.replace('_', ' ')}."
    return start_operation(OperationKind.SKILLSET_TEST, skillset_tests, request, words)


add_operation_routes(skillset_tests, OperationKind.SKILLSET_TEST, SkillsetTestResults)


@skillset_tests.get("/types")
@documented("test", ok=SuiteTypes)
def list_suites() -> Response:
    """The suites, and what each asks in the order of asking."""
    refuse_query()
    answer: SuiteTypes = {
        "suites": [
            {
                "suite": suite,
                "meaning": SUITE_MEANINGS[suite],
                "checks": [
                    {"name": check.value, "title": SUITE_CHECK_TITLES[check], "meaning": SUITE_CHECK_MEANINGS[check]}
                    for check in checks
                ],
            }
            for suite, checks in SUITES.items()
        ]
    }
    return jsonify(answer)
