"""Runs in optimum-benchmark's own virtual environment: one isolated case for every line on standard input.

Arguments: folder for the model. Answers each line with the wall seconds and the median latency of one case, as a JSON
object on a line.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import sys
import time
from pathlib import Path
from statistics import median


def main(folder: Path) -> None:
    from optimum_benchmark import Benchmark, BenchmarkConfig, InferenceConfig, ProcessConfig, PyTorchConfig
    from transformers import BertConfig, BertForMaskedLM

    settings = json.loads(sys.stdin.readline())
    BertForMaskedLM(BertConfig(**settings["config"])).save_pretrained(folder)
    logging.disable(logging.CRITICAL)
    config = BenchmarkConfig(
        name="bert",
        launcher=ProcessConfig(device_isolation=False),
        scenario=InferenceConfig(
            latency=True,
            memory=False,
            energy=False,
            warmup_runs=settings["warmup"],
            iterations=settings["iterations"],
            duration=0,
            input_shapes={"batch_size": 1, "sequence_length": settings["sequence_length"]},
        ),
        backend=PyTorchConfig(
            model=str(folder),
            task="fill-mask",
            library="transformers",
            device="cpu",
            no_weights=False,
            # 0.6 hands each of the two to torch as the other one.
            intra_op_num_threads=settings["threads"],
            inter_op_num_threads=settings["threads"],
        ),
    )
    for _ in sys.stdin:
        started = time.perf_counter()
        report = Benchmark.launch(config)
        seconds = time.perf_counter() - started
        # Its process goes on for about a second after its answer; that is not counted, and must not disturb ours.
        for process in multiprocessing.active_children():
            process.join()
        latencies = report.forward.latency.values
        answer = {"seconds": seconds, "iterations": len(latencies), "latency": median(latencies)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
