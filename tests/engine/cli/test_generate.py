from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import Settings
from tests.engine.cli.conftest import Cli


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_generate_as_json_has_one_outcome_for_each_type(cli: Cli, fresh: Path) -> None:
    said = cli("generate", "--model", "bert", "--model", "vit", "--no-verify", "--json", "--benchmark-dir", fresh)
    assert said.status == 0
    assert set(said.json) == {"generated", "seconds"}
    bert, vit = said.json["generated"]
    assert set(bert) == {"model_type", "path", "family", "status", "reason", "seconds"}
    assert (bert["status"], bert["family"], bert["reason"]) == ("rendered", "text_encoder", None)
    assert vit["path"] == str(fresh / "skillsets" / "hf_vit.py") and Path(vit["path"]).is_file()
    assert [line.split(" in ")[0] for line in said.errors.splitlines()] == ["bert rendered", "vit rendered"]


def test_quiet_leaves_the_result_alone(cli: Cli, fresh: Path) -> None:
    said = cli("generate", "--model", "bert", "--no-verify", "--quiet", "--benchmark-dir", fresh)
    assert (said.status, said.errors) == (0, "")
    assert "rendered" in said.output


@pytest.mark.parametrize("option", ["--output-dir", "--skillset-dir"])
def test_modules_go_where_they_are_sent(cli: Cli, fresh: Path, tmp_path: Path, option: str) -> None:
    folder = tmp_path / "elsewhere" / "modules"
    cli("generate", "--model", "bert", "--no-verify", option, folder, "--benchmark-dir", fresh)
    assert [path.name for path in folder.iterdir()] == ["hf_bert.py"]
    assert not (fresh / "skillsets").exists()


def test_a_file_may_name_the_types(cli: Cli, fresh: Path, tmp_path: Path) -> None:
    names = write(tmp_path / "types.txt", "\ufeff# ours\r\nbert  # text\r\n\r\nvit\r\nbert\r\n".encode())
    words = ["--from-file", names, "--model", "vit", "--no-verify", "--json", "--benchmark-dir", fresh]
    assert [outcome["model_type"] for outcome in cli("generate", *words).json["generated"]] == ["vit", "bert"]


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"# nothing\n\n", "names no model type; write one a line"), (b"\xff\xfe\x96", "cannot be read as text")],
)
def test_a_file_without_names_is_refused(cli: Cli, tmp_path: Path, content: bytes, told: str) -> None:
    names = write(tmp_path / "types.txt", content)
    said = cli("generate", "--from-file", names, "--benchmark-dir", tmp_path / "home")
    assert said.status == 2
    assert f"--from-file {names}" in said.errors and told in " ".join(said.errors.split())


def test_an_unknown_type_stops_before_anything_is_written(cli: Cli, fresh: Path) -> None:
    said = cli("generate", "--model", "bert", "--model", "brt", "--no-verify", "--benchmark-dir", fresh)
    assert (said.status, said.output) == (2, "")
    assert said.errors == "Unknown name: Unknown model type 'brt'. Did you mean bert or bart or mbart?\n"
    assert not (fresh / "skillsets").exists()


def test_an_edited_module_is_refused_until_forced(cli: Cli, fresh: Path) -> None:
    words = ["generate", "--model", "bert", "--no-verify", "--json", "--benchmark-dir", fresh]
    module = Path(cli(*words).json["generated"][0]["path"])
    written = module.read_text()
    module.write_text(f"{written}\nMINE = True\n")
    refused = cli(*words)
    assert refused.status == 1
    (outcome,) = refused.json["generated"]
    assert (outcome["status"], outcome["path"]) == ("refused", None)
    assert "was edited by hand" in outcome["reason"] and "--force" in outcome["reason"]
    assert cli(*words, "--force").status == 0
    assert module.read_text() == written


def test_a_folder_that_cannot_be_written_is_an_outcome(cli: Cli, fresh: Path, tmp_path: Path) -> None:
    inside = write(tmp_path / "file", b"") / "modules"
    said = cli("generate", "--model", "bert", "--no-verify", "--output-dir", inside, "--json", "--benchmark-dir", fresh)
    assert said.status == 1
    (outcome,) = said.json["generated"]
    assert outcome["status"] == "refused"
    assert f"{inside / 'hf_bert.py'} cannot be written" in outcome["reason"]


def test_a_type_without_a_recipe_is_refused_with_the_remedy(cli: Cli, fresh: Path) -> None:
    said = cli("generate", "--model", "dinat", "--model", "bert", "--no-verify", "--json", "--benchmark-dir", fresh)
    assert said.status == 1
    dinat, bert = said.json["generated"]
    assert (dinat["status"], bert["status"]) == ("refused", "rendered")
    assert dinat["reason"] == "dinat needs natten: pip install natten"


@pytest.mark.parametrize("command", ["benchmark", "pipeline"])
def test_generate_only_measures_nothing(cli: Cli, fresh: Path, settings: Settings, command: str) -> None:
    said = cli(command, "--model", "dinat", "--generate-only", "--json", "--benchmark-dir", fresh)
    assert said.status == 1
    assert [outcome["status"] for outcome in said.json["generated"]] == ["refused"]
    runs = cli("query", "select count(*) from runs", "--json", "--benchmark-dir", fresh).json
    assert runs["rows"] == [[0]]
