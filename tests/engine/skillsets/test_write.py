"""Modules on disk: nobody's edits are lost, and nothing is half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.catalog.registry import Catalog
from engine.errors import SkillsetFailure
from engine.skillsets.render import render
from engine.skillsets.write import module_path, write


def test_folders_are_made_and_the_text_arrives_whole(tmp_path: Path, catalog: Catalog):
    bert = catalog.get("bert")
    path = write(bert, render(bert), tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "hf_bert.py"
    assert path.read_text() == render(bert)
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["hf_bert.py", "skillset_base.py"]


def test_a_module_of_an_older_library_is_replaced(tmp_path: Path, catalog: Catalog):
    bert = catalog.get("bert")
    write(bert, render(bert, transformers_version="5.0.0"), tmp_path)
    path = write(bert, render(bert), tmp_path)
    assert path.read_text() == render(bert)


def test_an_identical_module_is_left_alone(tmp_path: Path, catalog: Catalog):
    bert = catalog.get("bert")
    path = write(bert, render(bert), tmp_path)
    os.utime(path, (1, 1))
    write(bert, render(bert), tmp_path)
    assert path.stat().st_mtime == 1


@pytest.mark.parametrize("kept", ["edited", "foreign"])
def test_a_hand_edited_file_is_kept_unless_forced(kept: str, tmp_path: Path, catalog: Catalog):
    bert = catalog.get("bert")
    path = write(bert, render(bert), tmp_path)
    mine = (
        path.read_text().replace("num_hidden_layers=2", "num_hidden_layers=3")
        if kept == "edited"
        else "print('mine')\n"
    )
    path.write_text(mine)
    with pytest.raises(SkillsetFailure, match=r"hf_bert\.py was edited by hand.*--force"):
        write(bert, render(bert), tmp_path)
    assert path.read_text() == mine
    write(bert, render(bert), tmp_path, force=True)
    assert path.read_text() == render(bert)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, catalog: Catalog):
    bert = catalog.get("bert")
    (tmp_path / "file").write_text("")
    with pytest.raises(
        SkillsetFailure, match=r"file/skillsets/skillset_base\.py cannot be written .*--output-dir"
    ) as caught:
        write(bert, render(bert), tmp_path / "file" / "skillsets")
    assert caught.value.field == "output_dir"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(tmp_path: Path, catalog: Catalog):
    bert = catalog.get("bert")
    tmp_path.chmod(0o500)
    with pytest.raises(SkillsetFailure, match="Permission denied"):
        write(bert, render(bert), tmp_path)


def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path: Path, catalog: Catalog):
    """A limit on file size stands in for a disk that fills up in the middle of a write."""
    bert = catalog.get("bert")
    path = write(bert, render(bert, transformers_version="5.0.0"), tmp_path)
    before = path.read_text()
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from engine.domain.model import Family, ModelType, Tier\n"
        "from engine.errors import SkillsetFailure\n"
        "from engine.skillsets.write import write\n"
        "model = ModelType(name='bert', display_name='', family=Family.OTHER, task='', tier=Tier.LOW, module='',\n"
        "                  config_class='', model_class='')\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: write(model, 'x' * 5000, Path(sys.argv[1]))\n"
        "except SkillsetFailure as error: print(error.message)\n"
    )
    command = [sys.executable, "-B", "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "cannot be written (File too large)" in done.stdout
    assert path.read_text() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["hf_bert.py", "skillset_base.py"]


def test_a_type_name_never_leaves_the_folder(tmp_path: Path, catalog: Catalog):
    hostile = replace(catalog.get("bert"), name="../../etc/x-y.z")
    assert module_path(hostile, tmp_path) == tmp_path / "hf_______etc_x_y_z.py"
