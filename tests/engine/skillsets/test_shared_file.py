"""The file that the skillsets of a folder share: a person's edits stay, and are seen in every module's checksum."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.catalog.registry import Catalog
from engine.errors import SkillsetFailure
from engine.skillsets.render import render, with_header
from engine.skillsets.shared_file import identity_of, identity_of_text, render_shared, shared_path
from engine.skillsets.write import write, write_file

STANDS_ALONE = "import torch\n\n\ndef load(): ...\n"


@pytest.fixture
def module(tmp_path: Path, catalog: Catalog) -> Path:
    return write(catalog.get("bert"), render(catalog.get("bert")), tmp_path)


def edit(module: Path, was: str = "SEED = 0", now: str = "SEED = 7") -> str:
    shared = shared_path(module.parent)
    mine = shared.read_text().replace(was, now)
    assert mine != shared.read_text()
    shared.write_text(mine)
    return mine


def test_an_edited_shared_file_stays_and_changes_what_every_module_is(module: Path, catalog: Catalog):
    before, mine = identity_of(module), edit(module)
    write(catalog.get("gpt2"), render(catalog.get("gpt2")), module.parent)
    assert shared_path(module.parent).read_text() == mine
    assert identity_of(module) != before
    assert identity_of_text(module.read_text(), module.parent) == identity_of(module)


def test_an_edited_one_of_another_release_is_in_the_way_until_forced(module: Path, catalog: Catalog):
    shared, gpt2 = shared_path(module.parent), catalog.get("gpt2")
    older = with_header("SEED = 5\n", "skillset/skillset_base.py", None)
    shared.write_text(older + "MINE = 1\n")
    with pytest.raises(SkillsetFailure, match=r"skillset_base\.py was edited by hand.*--force"):
        write(gpt2, render(gpt2), module.parent)
    write(gpt2, render(gpt2), module.parent, force=True)
    assert shared.read_text() == render_shared()


def test_an_untouched_one_of_another_release_is_replaced_and_counted_as_replaced(module: Path, catalog: Catalog):
    shared, before = shared_path(module.parent), identity_of(module)
    shared.write_text(with_header("SEED = 5\n", "skillset/skillset_base.py", None))
    assert identity_of(module) != before
    assert identity_of_text(module.read_text(), module.parent) == before
    write(catalog.get("gpt2"), render(catalog.get("gpt2")), module.parent)
    assert shared.read_text() == render_shared()


def test_what_is_not_written_yet_is_known_by_what_it_will_be(module: Path, tmp_path: Path):
    assert identity_of_text(module.read_text(), tmp_path / "elsewhere") == identity_of(module)


def test_a_module_that_stands_alone_is_known_by_its_own_text(module: Path):
    alone = write_file(module.with_name("hf_old.py"), with_header(STANDS_ALONE, "skillset/old.py.j2", "5.0.0"))
    before = identity_of(alone)
    edit(module)
    assert identity_of(alone) == before


def test_a_module_tells_the_checksum_and_uses_the_file_of_its_own_folder(tmp_path: Path, catalog: Catalog):
    bert = catalog.get("bert")
    first, second = (write(bert, render(bert), tmp_path / name) for name in ("first", "second"))
    edit(second)
    program = (
        "import sys; from pathlib import Path; from engine.workloads.skillset_module import import_skillset\n"
        "for path in sys.argv[1:]:\n"
        "    module = import_skillset(Path(path)); print(module.base.SEED, module.describe()['checksum'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, first, second], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines() == [f"0 {identity_of(first)}", f"7 {identity_of(second)}"]
