"""A module that serves: a checkpoint's answer, and what is said when there is none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.catalog.registry import Catalog
from engine.skillsets.render import render
from engine.skillsets.write import write

NAMES = ("bert", "gpt2", "llava")

_MAKE = """
import sys
sys.path.insert(0, sys.argv[1])
import hf_bert, hf_gpt2, hf_llava
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import CLIPImageProcessor, LlavaProcessor, PreTrainedTokenizerFast

words = ["[PAD]", "[UNK]", "[MASK]", *(f"word{number}" for number in range(509))]
for module, folder in ((hf_bert, sys.argv[2]), (hf_gpt2, sys.argv[3])):
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", mask_token="[MASK]"
    )
    fast.save_pretrained(folder)
    module.load("tiny").model.save_pretrained(folder)

llava = hf_llava.load("tiny").model
llava.save_pretrained(sys.argv[4])
vision, words[llava.config.image_token_id] = llava.config.vision_config, "<image>"
tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
LlavaProcessor(
    image_processor=CLIPImageProcessor(
        size={"shortest_edge": vision.image_size},
        crop_size={"height": vision.image_size, "width": vision.image_size},
    ),
    tokenizer=PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        extra_special_tokens={"image_token": "<image>"},
    ),
    patch_size=vision.patch_size,
    vision_feature_select_strategy=llava.config.vision_feature_select_strategy,
    num_additional_image_tokens=1,
    chat_template="{% for part in messages[0]['content'] %}{{ part.get('text', '<image>') }} {% endfor %}",
).save_pretrained(sys.argv[4])
Image.new("RGB", (80, 60), (200, 30, 40)).save(sys.argv[4] + "/cat.png")
"""


@pytest.fixture(scope="module")
def served(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three modules, and a checkpoint of each with processors of its own."""
    folder = Path(tmp_path_factory.mktemp("served"))
    modules = {name: write(catalog.get(name), render(catalog.get(name)), folder) for name in NAMES}
    program = [sys.executable, "-c", _MAKE, str(folder), *(str(folder / name) for name in NAMES)]
    made = subprocess.run(program, capture_output=True, text=True, timeout=180, check=False)
    assert made.returncode == 0, made.stderr
    checkpoints = {f"{name}_checkpoint": folder / name for name in NAMES}
    return {**modules, **checkpoints, "a_picture": folder / "llava" / "cat.png"}


REFUSED = {
    ("--ask", "word1"): "Random weights have no answer; load a checkpoint.",
    ("--ask", ""): "Random weights have no answer; load a checkpoint.",
    ("--batch-size", "1" + "0" * 11): "hf_bert.py: error: ",
    ("--device", "mps", "--precision", "fp16"): "mps was asked for and cannot be used",
    ("--checkpoint", "bert_checkpoint", "--ask", "word1"): "'word1' has no answer: No mask_token ([MASK]) found",
    ("--batch-size", "0"): "Batch size 0 is not positive; use 1 or more.",
    ("--device", "abacus"): "Unknown device 'abacus'; choose cpu, cuda",
    ("--precision", "fp16"): "Precision 'fp16' does not run on cpu; choose fp32 or bf16.",
    ("--checkpoint", "/absent/folder"): "/absent/folder",
}
PROMPTED = ("gpt2", "--checkpoint", "gpt2_checkpoint", "--ask", "word1 word2")
PICTURED = ("llava", "--checkpoint", "llava_checkpoint", "--ask", "word5 word6", "--image", "a_picture")
UNPICTURED = PICTURED[:-2]
RUN_ONCE = ("bert", "--checkpoint", "bert_checkpoint", "--batch-size", "3")
OF_ANOTHER = ("bert", "--checkpoint", "gpt2_checkpoint")
ON_NO_DEVICE = ("bert", "--device", "cuda:99")
ON_META = ("bert", "--device", "meta:0", "--size", "bert-large-uncased")

_RUN = """
import contextlib, io, json, runpy, sys

answers = []
for command in json.loads(sys.argv[1]):
    sys.argv, said, complained, status = command, io.StringIO(), io.StringIO(), 0
    sys.path.insert(0, command[0].rpartition("/")[0])
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        try:
            runpy.run_path(command[0], run_name="__main__")
        except SystemExit as end:
            status = end.code
    answers.append([status, said.getvalue(), complained.getvalue()])
print(json.dumps(answers))
"""


class Answer(NamedTuple):
    status: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def answers(served: dict[str, Path]) -> dict[tuple[str, ...], Answer]:
    """What each command line says, all run one after the other in one process: importing torch takes longest."""
    commands = [
        PROMPTED,
        PICTURED,
        UNPICTURED,
        RUN_ONCE,
        OF_ANOTHER,
        ON_NO_DEVICE,
        ON_META,
        *(("bert", *options) for options in REFUSED),
    ]
    known = [[str(served.get(word, word)) for word in command] for command in commands]
    program = [sys.executable, "-c", _RUN, json.dumps(known)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return {command: Answer(*answer) for command, answer in zip(commands, found, strict=True)}


def test_a_checkpoint_answers_through_its_own_tokenizer(served: dict[str, Path]):
    command = [sys.executable, served["bert"], "--checkpoint", served["bert_checkpoint"], "--ask", "word1 [MASK] word3"]
    masked = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert masked.returncode == 0, masked.stderr
    assert "'sequence': 'word1 " in masked.stdout


def test_a_checkpoint_goes_on_with_a_text(answers: dict[tuple[str, ...], Answer]):
    prompted = answers[PROMPTED]
    assert prompted.status == 0, prompted.stderr
    assert "'generated_text': 'word1 word2" in prompted.stdout


def test_a_checkpoint_is_asked_about_an_image(answers: dict[tuple[str, ...], Answer]):
    answer = answers[PICTURED]
    assert answer.status == 0, answer.stderr
    assert "'role': 'assistant', 'content': ' word" in answer.stdout
    assert answers[UNPICTURED].status == 2
    assert "The question is about an image; name it with --image." in answers[UNPICTURED].stderr


def test_a_checkpoint_without_a_question_is_run_once(answers: dict[tuple[str, ...], Answer]):
    answer = answers[RUN_ONCE]
    assert answer.stdout == "logits: [3, 128, 512], torch.float32, on cpu\n", answer.stderr


def test_a_checkpoint_of_another_model_is_refused(answers: dict[tuple[str, ...], Answer]):
    answer = answers[OF_ANOTHER]
    assert answer.status == 2
    assert "lacks" in answer.stderr and "it is another model" in answer.stderr


@pytest.mark.parametrize("options", list(REFUSED))
def test_what_cannot_be_done_is_said_in_a_line(options: tuple[str, ...], answers: dict[tuple[str, ...], Answer]):
    answer = answers["bert", *options]
    assert (answer.status, answer.stdout) == (2, "")
    assert REFUSED[options] in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_device_that_is_not_there_is_said_on_the_error_output(answers: dict[tuple[str, ...], Answer]):
    answer = answers[ON_NO_DEVICE]
    assert answer.status == 0
    assert "cuda:99 was asked for and cannot be used" in answer.stderr
    assert "on cpu" in answer.stdout


def test_without_numbers_the_parameters_are_counted(answers: dict[tuple[str, ...], Answer]):
    answer = answers[ON_META]
    assert answer.status == 0, answer.stderr
    assert answer.stdout.startswith("335,174,458 parameters; on meta there are shapes alone")


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_an_exported_graph_gives_what_the_model_gives(runtime: str, served: dict[str, Path]):
    pytest.importorskip(runtime, reason=f"{runtime} is not installed here; `pip install {runtime}` to run this")
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "import hf_bert; s = hf_bert.load('tiny'); i = s.example_inputs(2);"
        f"o = s.export({runtime!r}, i)(**i).logits; print(float((o - s.infer(i)['outputs']['logits']).abs().max()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(served["bert"].parent)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.splitlines()[-1]) < 0.05
