"""What is exercised: startup, inference, generation, concurrency."""

from __future__ import annotations

from engine.registry import Registry
from engine.workloads.concurrency import Concurrency
from engine.workloads.generation import Generation
from engine.workloads.inference import Inference
from engine.workloads.startup import Startup
from engine.workloads.workload import Exercise

_EXERCISES: list[Exercise] = [Startup(), Inference(), Generation(), Concurrency()]
WORKLOADS: Registry[Exercise] = Registry("workload", _EXERCISES)
