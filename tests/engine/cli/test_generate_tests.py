"""`modeldyno generate --with-tests`"""

from __future__ import annotations

from pathlib import Path

from tests.engine.cli.conftest import Cli

WORDS = ("generate", "--model", "gpt2", "--with-tests", "--no-verify", "--json")


def test_tests_lie_beside_their_module(cli: Cli, fresh: Path) -> None:
    said = cli(*WORDS, "--benchmark-dir", fresh)
    assert said.status == 0
    module = Path(said.json["generated"][0]["path"])
    assert sorted(path.name for path in module.parent.iterdir()) == [
        "hf_gpt2.py",
        "skillset_base.py",
        "test_hf_gpt2.py",
    ]
    assert "import hf_gpt2" in (module.parent / "test_hf_gpt2.py").read_text()


def test_without_the_option_there_are_none(cli: Cli, fresh: Path) -> None:
    said = cli(*(word for word in WORDS if word != "--with-tests"), "--benchmark-dir", fresh)
    module = Path(said.json["generated"][0]["path"])
    assert sorted(path.name for path in module.parent.iterdir()) == ["hf_gpt2.py", "skillset_base.py"]


def test_edited_tests_are_left_alone_until_forced(cli: Cli, fresh: Path) -> None:
    words = [*WORDS, "--benchmark-dir", fresh]
    tests = Path(cli(*words).json["generated"][0]["path"]).with_name("test_hf_gpt2.py")
    written = tests.read_text()
    tests.write_text(f"{written}\nMINE = True\n")
    refused = cli(*words)
    assert refused.status == 1
    assert f"{tests} was edited by hand" in refused.json["generated"][0]["reason"]
    assert cli(*words, "--force").status == 0
    assert tests.read_text() == written
