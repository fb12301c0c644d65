"""Reading the registry from source must agree with what the library itself says when imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.catalog.library import LibraryUnreadable, library_folder, read_name_tables, read_source_facts

_IMPORTED = """
import json
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES, model_type_to_module_name
print(json.dumps({
    "configs": CONFIG_MAPPING_NAMES,
    "modules": {name: model_type_to_module_name(name) for name in CONFIG_MAPPING_NAMES},
    "auto": {name: table for name, table in vars(modeling_auto).items()
             if name.startswith("MODEL_") and name.endswith("_NAMES")},
}))
"""


def test_the_tables_read_from_source_equal_the_imported_ones():
    done = subprocess.run([sys.executable, "-c", _IMPORTED], capture_output=True, text=True, timeout=120, check=True)
    imported = json.loads(done.stdout.splitlines()[-1])
    tables = read_name_tables(library_folder())
    assert tables.config_classes == imported["configs"]
    assert {name: tables.module_of(name) for name in tables.config_classes} == imported["modules"]
    expected = {name.removesuffix("_NAMES").removesuffix("_MAPPING"): table for name, table in imported["auto"].items()}
    assert json.loads(json.dumps(tables.auto_classes)) == expected


def test_every_type_has_a_folder_with_source():
    tables = read_name_tables(library_folder())
    missing = [
        name for name in tables.config_classes if not (library_folder() / "models" / tables.module_of(name)).is_dir()
    ]
    assert missing == []


def test_declarations_are_inherited_within_a_package(tmp_path: Path):
    (tmp_path / "modeling_x.py").write_text(
        "class XPreTrainedModel(PreTrainedModel):\n"
        '    input_modalities = ("image", "text")\n\n\n'
        "class XModel(\n    XPreTrainedModel,\n    GenerationMixin,\n):\n    pass\n\n\n"
        'class XEar(XPreTrainedModel):\n    input_modalities = "audio"  # sounds\n'
    )
    (tmp_path / "configuration_x.py").write_text("class XConfig(Base):\n    is_encoder_decoder: bool | None = True\n")
    facts = read_source_facts(tmp_path)
    assert facts.modalities["XModel"] == ("image", "text")
    assert facts.modalities["XEar"] == ("audio",)
    assert facts.generating == {"XModel"}
    assert facts.encoder_decoder_configs == {"XConfig"}


def test_a_library_without_the_registry_is_refused_by_name(tmp_path: Path):
    auto = tmp_path / "models" / "auto"
    auto.mkdir(parents=True)
    for name in ("auto_mappings.py", "configuration_auto.py", "modeling_auto.py"):
        (auto / name).write_text("")
    with pytest.raises(LibraryUnreadable, match=r"no model registry .* constraints\.txt"):
        read_name_tables(tmp_path)
