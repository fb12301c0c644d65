"""A faulty template of a user's own: told by file and line, for the types that it is for and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.registry import Catalog
from engine.errors import SkillsetFailure
from engine.skillsets.fingerprint import generator_fingerprint
from engine.skillsets.render import render

_EXTENDS = '{% extends "shipped/skillset/vision.py.j2" %}\n{% block methods %}\n'
_END = "{% endblock %}"


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one's own vision template lies, which is still to be written."""
    path = tmp_path / "custom" / "templates" / "skillset" / "vision.py.j2"
    path.parent.mkdir(parents=True)
    monkeypatch.setenv("MODELDYNO_CUSTOM", str(tmp_path / "custom"))
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{_EXTENDS}{{{{ 1 / 0 }}}}{_END}", "{}, line 3: ZeroDivisionError: division by zero. Correct the template."),
        (
            f"{_EXTENDS}{{{{ code() }}}}{_END}",
            "{}, line 3: TypeError: 'InputCode' object is not callable. Correct the temp",
        ),
        (f"{_EXTENDS}{{{{ colour }}}}{_END}", "{}, line 3: 'colour' is undefined. Correct the template."),
        (f"{_EXTENDS}{{% endblok %}}", "{}, line 3: Encountered unknown tag 'endblok'."),
        (
            f"{_EXTENDS}{{{{ 1 | odd_filter }}}}{_END}",
            "{}, line 3: No filter named 'odd_filter'. Correct the template.",
        ),
        ('{% extends "skillset/odd.j2" %}', "There is no template skillset/odd.j2, which {}, line 1 asks for; add it"),
        ('{% extends "skillset/vision.py.j2" %}', "{}, line 1: it takes itself in without end; write {% extends "),
        (
            "import os\n\ndef broken(:\n    pass\n",
            "{} renders what is no Python: line 3, 'def broken(:', invalid syntax.",
        ),
        ("return 3\n", "{} renders what is no Python: line 1, 'return 3', 'return' outside function."),
        ('{{ "\\0" }}', "{} renders what is no Python: source code string cannot contain null bytes."),
    ],
)
def test_a_faulty_template_is_told_by_file_and_line(template: Path, catalog: Catalog, text: str, told: str):
    template.write_text(text)
    with pytest.raises(SkillsetFailure) as caught:
        render(catalog.get("vit"))
    assert told.replace("{}", str(template)) in caught.value.message
    assert "def load(" in render(catalog.get("bert"))


@pytest.mark.parametrize(
    ("name", "extended", "block", "model", "blocks"),
    [
        ("vision", "vision", "method", "vit", "reading, imports, inputs, forward, methods."),
        ("diffusers", "diffusers", "methods", "flux", "reading, constants, classes, more_inputs, forward, load, conf"),
    ],
)
def test_a_block_that_nothing_extended_has_is_told(
    template: Path, catalog: Catalog, name: str, extended: str, block: str, model: str, blocks: str
):
    path = template.with_name(f"{name}.py.j2")
    path.write_text(
        f'{{% extends "shipped/skillset/{extended}.py.j2" %}}\n{{% block forward %}}{{{{ super() }}}}'
        f"{{% block inner %}}{{% endblock %}}{{% endblock %}}\n{{% block {block} %}}{{% endblock %}}"
    )
    with pytest.raises(SkillsetFailure) as caught:
        render(catalog.get(model))
    assert caught.value.message.startswith(
        f"{path}, line 3: no template that it extends has a block '{block}', so it would be dropped; use {blocks}"
    )
    path.write_text(path.read_text().replace(f"{{% block {block} %}}{{% endblock %}}", ""))
    assert "def infer(" in render(catalog.get(model)) or model == "vit"


def test_a_block_of_ones_own_base_is_one_to_change(template: Path, catalog: Catalog):
    base = template.with_name("base.py.j2")
    base.write_text(
        '{% extends "shipped/skillset/base.py.j2" %}\n{% block imports %}{% block more %}{% endblock %}{% endblock %}'
    )
    template.write_text('{% extends "shipped/skillset/vision.py.j2" %}\n{% block more %}\nimport time\n{% endblock %}')
    assert "\nimport time\n" in render(catalog.get("vit"))
    base.unlink()
    with pytest.raises(SkillsetFailure, match="has a block 'more'"):
        render(catalog.get("vit"))


def test_a_macro_that_ones_own_file_lacks_is_told_of_that_file(template: Path, catalog: Catalog):
    template.write_text('{% extends "shipped/skillset/vision.py.j2" %}')
    methods = template.with_name("methods.py.j2")
    methods.write_text("{% macro generate_method() %}{% endmacro %}")
    for name, told in (("vit", "does not export the requested name 'ask_method'"), ("gpt2", "TypeError: macro")):
        with pytest.raises(SkillsetFailure) as caught:
            render(catalog.get(name))
        assert caught.value.message.startswith(f"{methods}") and told in caught.value.message
        assert caught.value.message.endswith("Correct the template.")


def test_a_template_without_a_sentence_on_top_is_told_of_its_own_file(template: Path, catalog: Catalog):
    template.write_text('{% extends "shipped/skillset/base.py.j2" %}')
    with pytest.raises(SkillsetFailure) as caught:
        render(catalog.get("vit"))
    assert caught.value.message.startswith(str(template)) and "'reading'" in caught.value.message


def test_a_template_that_is_no_text_is_told_with_its_line(template: Path, catalog: Catalog):
    template.write_bytes(f"{_EXTENDS}    # gr".encode() + b"\xfc\xdfe\n{% endblock %}")
    with pytest.raises(SkillsetFailure) as caught:
        render(catalog.get("vit"))
    assert caught.value.message == f"{template}, line 3, is not UTF-8 (invalid start byte); save it as UTF-8."


def test_what_another_template_of_ones_own_does_to_a_shipped_one_is_told(template: Path, catalog: Catalog):
    (template.parent / "text_encoder.py.j2").write_text('{% include "skillset/odd.j2" %}')
    (template.parent / "odd.j2").write_text("def broken(:")
    with pytest.raises(SkillsetFailure, match=r"text_encoder\.py\.j2 renders what is no Python: line 1, 'def broken"):
        render(catalog.get("bert"))


def test_own_files_that_cannot_be_read_do_not_stop_others(template: Path):
    before = generator_fingerprint()
    template.symlink_to(template.parent / "nowhere")
    (template.parent / "folder.j2").mkdir()
    assert generator_fingerprint() == before
    (template.parent / "more.j2").write_text("more")
    assert generator_fingerprint() != before
