"""/api/generator: skillsets are generated, listed and downloaded."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify

from app import data
from app.documented import documented
from app.endpoints.benchmark import hardware_answer
from app.endpoints.json_body import read_body
from app.endpoints.names import model_in_path, model_named
from app.endpoints.operations import add_operation_routes, start_operation
from app.endpoints.query_string import read_query, refuse_query
from app.endpoints.repeatable import repeatable
from engine.contract.catalog import Hardware
from engine.contract.generator import (
    BatchBody,
    FileQuery,
    GenerationResults,
    ModelBody,
    Skillsets,
    Templates,
)
from engine.contract.operations import StartedOperation
from engine.domain.operation import OperationKind
from engine.domain.skillset import Skillset
from engine.errors import NotFound
from engine.formatting import counted
from engine.skillsets.fingerprint import generator_fingerprint
from engine.skillsets.render_test import path_beside
from engine.storage import skillsets
from engine.workflows.skillset_rows import skillset_row

generator = Blueprint("generator", __name__, url_prefix="/api/generator")


@generator.post("/model")
@documented("generator", accepted=StartedOperation, body=ModelBody, problems=(HTTPStatus.CONFLICT,), is_repeatable=True)
@repeatable
def generate_model() -> Any:
    """Generate the skillset of one model type, in the background."""
    body = read_body(ModelBody)
    model = model_named(data.workbench().catalog, body.model).model.name
    request = {"models": [model]} | body.model_dump(exclude={"model"})
    return start_operation(OperationKind.GENERATION, generator, request, f"The skillset of {model} is being generated.")


@generator.post("/batch")
@documented("generator", accepted=StartedOperation, body=BatchBody, problems=(HTTPStatus.CONFLICT,), is_repeatable=True)
@repeatable
def generate_batch() -> Any:
    """Generate the skillsets of several model types, named or by priority, in the background."""
    body = read_body(BatchBody)
    chosen = data.workbench().catalog.select(body.models, None if body.models else body.tier)
    request = body.model_dump(mode="json")
    words = f"{counted(len(chosen), 'skillset')} are being generated."
    return start_operation(OperationKind.GENERATION, generator, request, words)


add_operation_routes(generator, OperationKind.GENERATION, GenerationResults)


@generator.get("/skillsets")
@documented("generator", ok=Skillsets)
def list_skillsets() -> Response:
    """What was generated last of each model type, by name."""
    refuse_query()
    answer: Skillsets = {
        "skillsets": [skillset_row(found) for found in sorted(_latest(), key=lambda one: one.model_type)]
    }
    return jsonify(answer)


@generator.get("/file/<model>")
@documented("generator", ok="text/x-python", query=FileQuery)
def skillset_file(model: str) -> Response:
    """The text of a generated module, of its tests, or of the module that skillsets share."""
    part = read_query(FileQuery).part
    name = model_in_path(data.workbench().catalog, model).model.name
    found = next((one for one in _latest() if one.model_type == name), None)
    if found is None:
        raise NotFound(f"No skillset of {name} was generated; POST it to /api/generator/model.", field="model")
    module = Path(found.path)
    path = {"module": module, "tests": path_beside(module), "base": module.with_name("skillset_base.py")}[part]
    if not path.is_file():
        raise NotFound(f"{path.name} is not there any more, or never was; generate it again.", field="part")
    headers = {"Content-Disposition": f'attachment; filename="{path.name}"'}
    return Response(path.read_text(encoding="utf-8"), mimetype="text/x-python", headers=headers)


@generator.get("/templates")
@documented("generator", ok=Templates)
def list_templates() -> Response:
    """The families of model types, and the template that each is made from."""
    refuse_query()
    types = data.workbench().catalog.types.values()
    listed, runnable = (
        Counter(model.family for model in chosen) for chosen in (types, [model for model in types if model.runnable])
    )
    answer: Templates = {
        "templates": [
            {
                "family": family,
                "template": f"skillset/{family.value}.py.j2",
                "types": count,
                "runnable": runnable[family],
            }
            for family, count in sorted(listed.items())
        ],
        "generator_version": generator_fingerprint(),
    }
    return jsonify(answer)


@generator.get("/hardware")
@documented("generator", ok=Hardware)
def list_generator_hardware() -> Response:
    """Every backend that a skillset may be loaded on, and why not where it may not."""
    refuse_query()
    return jsonify(hardware_answer())


def _latest() -> list[Skillset]:
    with data.workbench().database.cursor() as cursor:
        return skillsets.latest(cursor)
