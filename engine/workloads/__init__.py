"""What is exercised: startup, inference."""

from __future__ import annotations

from engine.registry import Registry
from engine.workloads.inference import Inference
from engine.workloads.startup import Startup
from engine.workloads.workload import Exercise

_EXERCISES: list[Exercise] = [Startup(), Inference()]
WORKLOADS: Registry[Exercise] = Registry("workload", _EXERCISES)
