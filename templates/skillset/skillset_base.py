"""What the skillsets beside this file share: where a model goes, its weights, one pass, and the command line."""

import argparse
import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, get_args

import torch
from safetensors import SafetensorError

SEED = 0
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
ALL = tuple(DTYPES)
PRECISIONS = {"cpu": ("fp32", "bf16"), "cuda": ALL, "rocm": ALL, "mps": ("fp32", "fp16"), "meta": ALL}
RUNTIMES = {"onnxruntime": "Onnx", "qnn": "Onnx", "openvino": "OpenVINO"}
"""What a model can be exported to, and how the library's exporter for it is called."""


@dataclass
class Skillset:
    """A built model on one device in one precision. Each module adds its inputs, and what else its model can do."""

    model: Any
    size: str
    precision: str
    requested_device: str
    device: str
    fallback_reason: str | None
    checkpoint: str | None = None

    def infer(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """One forward pass. The library ignores inputs by names that it does not know; here they are refused."""
        if unknown := inputs.keys() - self._names:
            raise TypeError(f"{type(self.model).__name__} takes no {', '.join(sorted(unknown))}.")
        with torch.inference_mode():
            return self._answer(tensors_of(self.model(**inputs)))

    @cached_property
    def _names(self) -> set[str]:
        """Of all that some part of the model takes: those that the whole does not know it hands on to its parts."""
        forwards = {type(part).forward for part in self.model.modules()}
        taken = [each for forward in forwards for each in inspect.signature(forward).parameters.values()]
        listed = [name for each in taken for kind in get_args(each.annotation) for name in _fields_of(kind)]
        return {each.name for each in taken if each.kind is not each.VAR_KEYWORD}.union(listed)

    def export(self, runtime: str, inputs: dict[str, Any]) -> Any:
        """The model as a graph of another runtime, for inputs of these shapes: call it as the model is called."""
        if runtime not in RUNTIMES:
            raise ValueError(f"Unknown runtime {runtime!r}; choose {', '.join(RUNTIMES)}.")
        if not isinstance(self.model, importlib.import_module("transformers").PreTrainedModel):
            raise ValueError(f"{type(self.model).__name__} is no model of transformers, whose exporter this is.")
        provider = "QNNExecutionProvider"
        if runtime == "qnn" and provider not in importlib.import_module("onnxruntime").get_available_providers():
            raise RuntimeError(f"onnxruntime has no {provider} here; install onnxruntime-qnn on a Qualcomm device.")
        exporters = importlib.import_module("transformers.exporters")
        exporter, config = (getattr(exporters, RUNTIMES[runtime] + part)() for part in ("Exporter", "Config"))
        graph = exporter.export(self.model, inputs, config)
        return graph.to(providers=[provider]) if runtime == "qnn" else graph

    def _serve(self, task: str, question: Any, *processors: str) -> Any:
        """What the library's pipeline of this task answers, with these processors of the checkpoint."""
        if self.checkpoint is None:
            raise ValueError("Random weights have no answer; load a checkpoint.")
        pipelines = importlib.import_module("transformers.pipelines")
        parts = dict.fromkeys(processors, self.checkpoint)
        serve = pipelines.pipeline(task, model=self.model, device=self.device, **parts)
        try:
            return serve(**question) if isinstance(question, dict) else serve(question)
        except pipelines.PipelineException as error:
            raise ValueError(f"{question!r} has no answer: {error}") from error

    def _answer(self, outputs: dict[str, torch.Tensor]) -> dict[str, Any]:
        facts = {"device": self.device, "precision": self.precision, "fallback_reason": self.fallback_reason}
        return {"outputs": outputs, **facts}


Kind = TypeVar("Kind", bound=Skillset)


def load(
    kind: type[Kind],
    model_class: Any,
    make_config: Callable[[str], Any],
    size: str,
    device: str,
    precision: str,
    checkpoint: str | None,
    options: dict[str, Any],
) -> Kind:
    """A model of transformers with random weights, or with those of `checkpoint`; see a module's load()."""
    place, dtype, reason = choose_place(device, precision)
    if options.pop("as_saved", False) and checkpoint is not None:
        model_class = saved_class(checkpoint, model_class, options)
    if checkpoint is not None:
        model = read(model_class, checkpoint, dtype=dtype, **options)
    else:
        if unknown := sorted(set(options) - {"attn_implementation"}):
            raise ValueError(f"Random weights take attn_implementation alone, not {', '.join(unknown)}.")
        config = make_config(size)
        config._attn_implementation = options.get("attn_implementation")
        with torch.random.fork_rng(devices=[]), torch.device("meta" if place == "meta" else "cpu"):
            torch.manual_seed(SEED)
            model = model_class(config)
    if "device_map" not in options:
        model = model.to(place)
    for tensor in (*model.parameters(), *model.buffers()) if precision != "fp32" else ():
        if tensor.is_floating_point():  # complex tables stay what they are
            tensor.data = tensor.data.to(dtype)
    return kind(model.eval(), "checkpoint" if checkpoint else size, precision, device, place, reason, checkpoint)


def read(model_class: Any, checkpoint: str, **options: Any) -> Any:
    """What the library's from_pretrained() reads; refused by its name where it is damaged or lacks weights."""
    try:
        model, loading = model_class.from_pretrained(checkpoint, output_loading_info=True, **options)
    except (SafetensorError, RuntimeError) as error:
        raise RuntimeError(f"{checkpoint} cannot be read as {model_class.__name__}: {error}") from error
    if lacking := loading["missing_keys"]:
        lacks = f"{checkpoint} lacks {len(lacking)} weights of {model_class.__name__}, such as {min(lacking)}"
        raise ValueError(f"{lacks}: it is another model, or has no head for this task.")
    return model


def saved_class(checkpoint: str, model_class: Any, options: dict[str, Any]) -> Any:
    """The library's class that `checkpoint` was saved from, such as one without a head; else `model_class`."""
    where = {name: options[name] for name in ("local_files_only", "revision", "subfolder") if name in options}
    config = model_class.config_class.from_pretrained(checkpoint, **where)
    library = importlib.import_module("transformers")
    for name in config.architectures or ():
        found = getattr(library, name, None)
        if found is not None and getattr(found, "config_class", None) is model_class.config_class:
            return found
    return model_class


def choose_place(device: str, precision: str) -> tuple[str, torch.dtype, str | None]:
    """Where the model goes, its number type, and why it does not go where it was asked to."""
    kind, place, reason = device.partition(":")[0], device.replace("rocm", "cuda"), None
    if kind not in PRECISIONS:
        raise ValueError(f"Unknown device {device!r}; choose {', '.join(PRECISIONS)} or cuda:N.")
    if precision not in DTYPES:
        raise ValueError(f"Unknown precision {precision!r}; choose {', '.join(DTYPES)}.")
    if kind == "meta":
        return kind, DTYPES[precision], None
    try:
        torch.empty(1, device=place, dtype=DTYPES[precision])
        if kind in ("cuda", "rocm") and (kind == "rocm") != bool(torch.version.hip):
            raise RuntimeError(f"this is no build of torch for {kind}")
    except (RuntimeError, AssertionError) as error:
        place = kind = "cpu"
        reason = f"{device} was asked for and cannot be used ({str(error).splitlines()[0]}); it runs on the CPU."
    if precision not in PRECISIONS[kind]:
        choice = f"Precision {precision!r} does not run on {kind}; choose {' or '.join(PRECISIONS[kind])}."
        raise ValueError(f"{choice} {reason}" if reason else choice)
    return place, DTYPES[precision], reason


def tensors_of(outputs: Any, prefix: str = "") -> dict[str, torch.Tensor]:
    """Tensors of an output by name, those inside lists by their place; the cache of a generating model is left out."""
    if isinstance(outputs, torch.Tensor):
        return {prefix.rstrip(".") or "output": outputs}
    pairs: Any = enumerate(outputs) if isinstance(outputs, (list, tuple)) else getattr(outputs, "items", tuple)()
    found: dict[str, torch.Tensor] = {}
    for name, value in pairs:
        found |= {} if name == "past_key_values" else tensors_of(value, f"{prefix}{name}.")
    return found


def _fields_of(kind: Any) -> tuple[str, ...]:
    """Names in a dictionary of typed items, as `**kwargs` are declared with; none of any other type."""
    return tuple(getattr(kind, "__annotations__", ())) if hasattr(kind, "__total__") else ()


def describe(
    about: dict[str, Any], sizes: tuple[str, ...], module: str, library: str = "transformers"
) -> dict[str, Any]:
    """What the file `module` offers; the checksum is that of its text and of this file's, so of all that runs."""
    text = _body_of(Path(module)) + "\0" + _body_of(Path(__file__))
    present = {library: importlib.import_module(library).__version__}
    offered = {"sizes": sizes, "precisions": PRECISIONS, "runtimes": RUNTIMES if library == "transformers" else {}}
    return {**about, **offered, **present, "checksum": hashlib.sha256(text.encode()).hexdigest()}


def _body_of(path: Path) -> str:
    """The text below the header that ModelDyno writes."""
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n", 3)
    has_header = len(lines) == 4 and lines[2].startswith("# sha256 of all below: ")
    return lines[3] if has_header and all(line.startswith("#") for line in lines[:2]) else text


def main(
    load: Callable[..., Any],
    summary: str | None,
    sizes: tuple[str, ...],
    *,
    question: str = "",
    pictured: bool = False,
    images: bool = False,
) -> None:
    """One inference from the command line; a checkpoint answers a `question`, or one about an image where it is
    `pictured`, and a denoiser makes `images`."""
    parser = argparse.ArgumentParser(description=(summary or "").partition("\n")[0])
    parser.add_argument("--size", default="tiny", choices=sizes)
    parser.add_argument("--device", default="cpu", help=f"{', '.join(PRECISIONS)} or cuda:N")
    parser.add_argument("--precision", default="fp32", choices=DTYPES)
    parser.add_argument("--batch-size", type=int, default=1)
    parser.add_argument("--checkpoint", help="folder or hub id whose weights replace random ones")
    if question:
        parser.add_argument("--ask", help=f"{question} for the checkpoint to answer")
    if pictured:
        parser.add_argument("--image", help="path or address of the image that --ask is about")
    if images:
        parser.add_argument("--steps", type=int, help="make whole images in so many steps instead of one inference")
    asked = parser.parse_args()
    try:
        skillset = load(asked.size, asked.device, asked.precision, asked.checkpoint)
        if question and asked.ask is not None:
            if pictured and asked.image is None:
                raise ValueError("The question is about an image; name it with --image.")
            return print(skillset.ask(asked.ask, asked.image) if pictured else skillset.ask(asked.ask))
        if skillset.device == "meta":
            weights = sum(weight.numel() for weight in skillset.model.parameters())
            return print(f"{weights:,} parameters; on meta there are shapes alone, so nothing is inferred")
        inputs = skillset.example_inputs(asked.batch_size)
        whole = images and asked.steps is not None
        answer = skillset.denoise(inputs, asked.steps) if whole else skillset.infer(inputs)
    except (ValueError, OSError, ImportError, RuntimeError, MemoryError) as error:
        parser.error(str(error).partition("\n")[0] or type(error).__name__)
    if answer["fallback_reason"]:
        print(answer["fallback_reason"], file=sys.stderr)
    for name, value in answer["outputs"].items():
        print(f"{name}: {list(value.shape)}, {value.dtype}, on {value.device}")
