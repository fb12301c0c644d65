"""Counted facts of cases, kept so that planning need not count them again."""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from engine.domain.model import ModelFacts

_SAVE = """
    insert into case_facts (case_id, parameters, parameter_bytes, flops, input_bytes, activation_bytes)
    values ($case_id, $parameters, $parameter_bytes, $flops, $input_bytes, $activation_bytes)
    on conflict (case_id) do update set
        parameters = excluded.parameters,
        parameter_bytes = excluded.parameter_bytes,
        flops = excluded.flops,
        input_bytes = excluded.input_bytes,
        activation_bytes = excluded.activation_bytes
"""


def save(cursor: DuckDBPyConnection, case_id: str, facts: ModelFacts) -> None:
    """Keep the facts of a case; a later count replaces an earlier one."""
    cursor.execute(
        _SAVE,
        {
            "case_id": case_id,
            "parameters": facts.parameters,
            "parameter_bytes": facts.parameter_bytes,
            "flops": facts.flops,
            "input_bytes": facts.input_bytes,
            "activation_bytes": facts.activation_bytes,
        },
    )


def load_all(cursor: DuckDBPyConnection) -> dict[str, ModelFacts]:
    """Facts by case id."""
    rows = cursor.execute(
        "select case_id, parameters, parameter_bytes, flops, input_bytes, activation_bytes from case_facts"
    ).fetchall()
    return {
        case_id: ModelFacts(
            parameters=parameters,
            parameter_bytes=parameter_bytes,
            flops=flops,
            input_bytes=input_bytes,
            activation_bytes=activation_bytes,
        )
        for case_id, parameters, parameter_bytes, flops, input_bytes, activation_bytes in rows
    }
