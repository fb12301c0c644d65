"""Metrics, their units and directions; what a result observed of them; and estimates drawn from several results."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from engine.errors import InvalidValue


class Better(StrEnum):
    LOWER = "lower"
    HIGHER = "higher"


class Metric(Enum):
    """The closed table of metrics: name, unit (SI), direction, label, and how it is measured."""

    LATENCY = (
        "latency",
        "s",
        Better.LOWER,
        "Latency",
        "Time of one forward pass over the whole batch, warm; on a GPU between events on the device.",
    )
    THROUGHPUT = (
        "throughput",
        "items/s",
        Better.HIGHER,
        "Throughput",
        "Items processed over wall time of all timed iterations, each awaited before the next.",
    )
    PEAK_MEMORY = (
        "peak_memory",
        "B",
        Better.LOWER,
        "Peak memory",
        "Highest memory above the level before the model was built: resident memory without mapped files, or tensors "
        "on a device. Of passes after the timed ones; at startup of building and the first pass; of workers the sum.",
    )
    MODULE_IMPORT_TIME = (
        "module_import_time",
        "s",
        Better.LOWER,
        "Module import",
        "Importing the generated module and the modelling code it needs, torch and transformers preloaded unless cold; "
        "for an exported graph, importing its runtime.",
    )
    CLASS_INSTANTIATION_TIME = (
        "class_instantiation_time",
        "s",
        Better.LOWER,
        "Class instantiation",
        "Building the model with random weights, or those of its checkpoint; for an exported graph, reading, "
        "optimising and loading it. On a GPU, opening it in this process comes first and is in it.",
    )
    MODEL_INITIALIZATION_TIME = (
        "model_initialization_time",
        "s",
        Better.LOWER,
        "Model initialisation",
        "First pass of the built model at this batch size, up to its output; of compiled code with the compiling.",
    )
    PREFILL_TIME = (
        "prefill_time",
        "s",
        Better.LOWER,
        "Prefill",
        "The forward pass over the whole prompt with which generation begins, warm.",
    )
    TIME_TO_FIRST_TOKEN = (
        "time_to_first_token",
        "s",
        Better.LOWER,
        "Time to first token",
        "From the call to the first new token of every example of the batch, warm.",
    )
    INTER_TOKEN_LATENCY = (
        "inter_token_latency",
        "s",
        Better.LOWER,
        "Inter-token latency",
        "Time from one new token to the next, of every example of the batch; the first token is left out.",
    )
    DECODE_THROUGHPUT = (
        "decode_throughput",
        "tokens/s",
        Better.HIGHER,
        "Decode",
        "New tokens of all examples after the first, over the time from the first to the last.",
    )
    GENERATION_THROUGHPUT = (
        "generation_throughput",
        "tokens/s",
        Better.HIGHER,
        "Tokens per second",
        "New tokens of all examples over the wall time of whole generations, prefill included.",
    )
    REQUESTS_PER_SECOND = (
        "requests_per_second",
        "requests/s",
        Better.HIGHER,
        "Requests per second",
        "Forward passes that all workers together complete, over wall time while every worker is busy.",
    )
    MODELS_PER_SECOND = (
        "models_per_second",
        "models/s",
        Better.HIGHER,
        "Models per second",
        "Models that all workers together build and run once, over wall time; on a GPU, opening it is in it.",
    )
    SPEEDUP = (
        "speedup",
        "x",
        Better.HIGHER,
        "Speed-up",
        "Requests per second of all workers over those of one of them alone, while the others rest.",
    )
    SCALING_EFFICIENCY = (
        "scaling_efficiency",
        "%",
        Better.HIGHER,
        "Scaling efficiency",
        "Speed-up over the number of workers, times 100.",
    )
    ENERGY = (
        "energy",
        "J",
        Better.LOWER,
        "Energy",
        "Energy of the processor package or device per item over the timed iterations, by the machine's own counter.",
    )

    def __init__(self, label: str, unit: str, better: Better, title: str, definition: str) -> None:
        self.label = label
        """The name in SQL, JSON and on the command line."""
        self.unit = unit
        self.better = better
        self.title = title
        self.definition = definition

    @staticmethod
    def named(label: str) -> Metric:
        for metric in Metric:
            if metric.label == label:
                return metric
        raise InvalidValue(
            f"Unknown metric {label!r}. Choose one of: {', '.join(m.label for m in Metric)}.", field="metric"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one result (one process) observed of one metric."""

    metric: Metric
    samples: tuple[float, ...]
    """One value per iteration, in the metric's unit; warm-up is never included. Throughput and memory have one, time
    between tokens one for each gap of all generations."""

    def __post_init__(self) -> None:
        if not self.samples:
            raise InvalidValue(f"{self.metric.title} has no samples; raise the number of iterations.")


class IntervalMethod(StrEnum):
    """How an interval was made; each has one wording on every screen."""

    BOOTSTRAP_PROCESSES = "bootstrap over processes"
    """Percentile bootstrap of the median of per-process medians; eleven processes or more."""
    T_LOG_PROCESSES = "t interval over processes"
    """Student's t on the logarithm of per-process medians; two to ten processes."""
    ORDER_STATISTIC = "within one process"
    """Binomial order-statistic interval of the median over iterations of a single process; six iterations or more."""
    RANGE = "range over processes"
    """Smallest and largest per-process value: for peaks."""
    CONFORMAL = "split-conformal"
    """From residuals of held-out cases: for predictions."""
    NONE = "no interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its uncertainty: what screens, reports and JSON show."""

    value: float
    low: float | None
    high: float | None
    confidence: float | None
    """0.95 for intervals; None for a range or when there is no interval."""
    method: IntervalMethod
    processes: int
    samples: int
