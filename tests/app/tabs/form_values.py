"""What the start form's controls hold, as its callbacks are given it."""

from __future__ import annotations

from typing import Any

from app.tabs.live_runs import FORM_FIELDS


def form_values(**differing: Any) -> list[Any]:
    """One small case, but for `differing`, in the order of the callbacks' arguments."""
    usual = {
        "models": ["bert"],
        "tier": "critical",
        "backends": ["cpu"],
        "precisions": ["fp32"],
        "batch_sizes": "1, 8",
        "workloads": ["inference"],
        "size": "auto",
        "switches": ["progressive"],
    }
    unknown = differing.keys() - FORM_FIELDS.keys()
    assert not unknown, f"no fields of the form: {unknown}"
    return [(usual | differing).get(name) for name in FORM_FIELDS]
