"""The usual launcher: a fork of a process that has torch and transformers loaded costs a fraction of a second."""

from __future__ import annotations

from collections.abc import Sequence

from engine.benchmarking.launchers import ALLOWED_PREFIXES
from engine.benchmarking.server_launcher import ServerLauncher

PRELOADED = (
    "torch",
    "transformers",
    "transformers.modeling_utils",
    "transformers.modeling_layers",
    "transformers.modeling_outputs",
    "transformers.masking_utils",
    "transformers.generation.utils",
    "transformers.loss.loss_utils",
    "transformers.processing_utils",
    "transformers.image_processing_utils",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.processing_auto",
    "transformers.models.encoder_decoder.configuration_encoder_decoder",
    "transformers.convert_slow_tokenizer",
    "torch.utils.flop_counter",
    "numpy",
    "psutil",
    "engine.benchmarking.measure",
    "engine.benchmarking.model_facts",
)
"""What models share. No model's own code is among it: importing that is part of what `startup` measures.

Nor is diffusers: 20 types of some 800 need it, a case of theirs imports it in about a second, and every start of the
server would pay for it."""

_ENVIRONMENT = {
    # A BLAS that starts its threads on import would make every fork unsound; torch sets its own count in the child.
    "OPENBLAS_NUM_THREADS": "1",
    # Asking for GPUs through the driver library leaves CUDA untouched, so that a child may still initialise it.
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # A run's log is for its person: what went wrong, not advice to those who write models.
    "TRANSFORMERS_VERBOSITY": "error",
    "DIFFUSERS_VERBOSITY": "error",
}


class ForkServerLauncher(ServerLauncher):
    """Starts one fork server on first use; nothing is imported in this process."""

    def __init__(self, *, allowed_prefixes: Sequence[str] = ALLOWED_PREFIXES) -> None:
        super().__init__(preload=PRELOADED, environment=_ENVIRONMENT, fresh=False, allowed_prefixes=allowed_prefixes)
