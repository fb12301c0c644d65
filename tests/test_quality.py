"""Formatting, lint, types and layers hold: the same checks as `make lint`, so that `make test` is enough."""

from __future__ import annotations

import pytest

from tests.quality_checks import CHECKS, Started


@pytest.mark.parametrize("check", CHECKS)
def test_the_code_passes(check: str, started_checks: dict[str, Started]) -> None:
    status, said = started_checks[check].ended()
    assert status == 0, said
