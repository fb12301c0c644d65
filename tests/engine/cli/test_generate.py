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
    assert sorted(path.name for path in folder.iterdir()) == ["hf_bert.py", "skillset_base.py"]
    assert not (fresh / "skillsets").exists()


def test_a_file_may_name_the_types(cli: Cli, fresh: Path, tmp_path: Path) -> None:
    names = write(tmp_path / "types.txt", "\ufeff# ours\r\nbert  # text\r\n\r\nvit\r\nbert\r\n".encode())
    words = ["--from-file", names, "--model", "vit", "--no-verify", "--json", "--benchmark-dir", fresh]
    assert [outcome["model_type"] for outcome in cli("generate", *words).json["generated"]] == ["vit", "bert"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "names no model type; write one a line"),
        (b"# nothing\n\n", "names no model type; write one a line"),
        (b"bert\nvit \xff", "cannot be read as text: line 2 is not UTF-8 (invalid start byte); save it as UTF-8."),
    ],
)
def test_a_file_without_names_is_refused(cli: Cli, tmp_path: Path, content: bytes, told: str) -> None:
    names = write(tmp_path / "types.txt", content)
    said = cli("generate", "--from-file", names, "--benchmark-dir", tmp_path / "home")
    assert said.status == 2
    assert f"--from-file {names}" in said.errors and told in " ".join(said.errors.split())


@pytest.mark.parametrize(("name", "told"), [("nowhere.txt", "does not exist"), ("", "is a directory")])
def test_a_file_that_is_none_is_refused(cli: Cli, tmp_path: Path, name: str, told: str) -> None:
    said = cli("generate", "--from-file", tmp_path / name, "--benchmark-dir", tmp_path / "home")
    assert (said.status, said.output) == (2, "")
    assert said.errors.splitlines()[-1].startswith("Error: Invalid value for '--from-file': ") and told in said.errors


def test_lines_of_a_file_that_name_nothing_are_told(cli: Cli, fresh: Path, tmp_path: Path) -> None:
    names = write(tmp_path / "types.txt", b"bert\n\nbrt\nbert-large-uncased\nBERT # in capitals\n")
    said = cli("generate", "--from-file", names, "--no-verify", "--benchmark-dir", fresh)
    assert (said.status, said.output) == (2, "")
    assert said.errors == (
        f"Invalid value: --from-file {names}, line 3: Unknown model type 'brt'. Did you mean bert or bart or mbart? "
        "line 5: Unknown model type 'BERT'. Did you mean bert or ibert or hubert?\n"
    )
    assert not (fresh / "skillsets").exists()
    write(names, b"\n".join(b"qqqqqq%d" % number for number in range(9)))
    said = cli("generate", "--from-file", names, "--no-verify", "--benchmark-dir", fresh)
    assert "line 5: " in said.errors and said.errors.endswith(" 4 more lines like these.\n")


def test_an_unknown_type_stops_before_anything_is_written(cli: Cli, fresh: Path) -> None:
    said = cli("generate", "--model", "bert", "--model", "brt", "--no-verify", "--benchmark-dir", fresh)
    assert (said.status, said.output) == (2, "")
    assert said.errors == "Unknown name: Unknown model type 'brt'. Did you mean bert or bart or mbart?\n"
    assert not (fresh / "skillsets").exists()


def test_capitals_are_no_other_spelling_and_the_right_one_is_offered_first(cli: Cli, fresh: Path) -> None:
    said = cli("generate", "--model", "BERT", "--no-verify", "--benchmark-dir", fresh)
    assert (said.status, said.output) == (2, "")
    assert "Unknown model type 'BERT'. Did you mean bert or " in said.errors


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
    assert f"{inside / 'skillset_base.py'} cannot be written" in outcome["reason"]


def test_a_type_without_a_recipe_is_refused_with_the_remedy(cli: Cli, fresh: Path) -> None:
    said = cli("generate", "--model", "dinat", "--model", "bert", "--no-verify", "--json", "--benchmark-dir", fresh)
    assert said.status == 1
    dinat, bert = said.json["generated"]
    assert (dinat["status"], bert["status"]) == ("refused", "rendered")
    assert dinat["reason"] == "dinat needs natten: pip install natten"


def test_tests_that_cannot_be_rendered_leave_no_module_behind(
    cli: Cli, fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "custom" / "templates" / "skillset" / "test.py.j2"
    template.parent.mkdir(parents=True)
    template.write_text("{{ 1 / 0 }}")
    monkeypatch.setenv("MODELDYNO_CUSTOM", str(tmp_path / "custom"))
    words = ["--model", "bert", "--no-verify", "--with-tests", "--json", "--benchmark-dir", fresh]
    (outcome,) = cli("generate", *words).json["generated"]
    assert (outcome["status"], outcome["path"]) == ("refused", None)
    assert f"{template}, line 1: ZeroDivisionError" in outcome["reason"]
    assert not (fresh / "skillsets").exists()


def test_a_module_that_was_edited_gets_its_tests_and_stays(cli: Cli, fresh: Path) -> None:
    words = ["generate", "--model", "bert", "--no-verify", "--json", "--benchmark-dir", fresh]
    cli(*words)
    module = fresh / "skillsets" / "hf_bert.py"
    mine = module.read_text() + "MINE = 1\n"
    module.write_text(mine)
    (outcome,) = cli(*words, "--with-tests").json["generated"]
    assert outcome["status"] == "refused"
    assert module.read_text() == mine
    assert (fresh / "skillsets" / "test_hf_bert.py").is_file()


@pytest.mark.parametrize("command", ["benchmark", "pipeline"])
def test_generate_only_measures_nothing(cli: Cli, fresh: Path, settings: Settings, command: str) -> None:
    said = cli(command, "--model", "dinat", "--generate-only", "--json", "--benchmark-dir", fresh)
    assert said.status == 1
    assert [outcome["status"] for outcome in said.json["generated"]] == ["refused"]
    runs = cli("query", "select count(*) from runs", "--json", "--benchmark-dir", fresh).json
    assert runs["rows"] == [[0]]
