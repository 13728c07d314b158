"""Translations: what is compiled is what is written, nothing in it is left over, and nothing needs a tool to run."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(ROOT.glob("integrations/**/locale/*/LC_MESSAGES/django.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)s")
BLOCK = re.compile(r"{% blocktranslate.*?%}(.*?){% endblocktranslate %}", re.DOTALL)


def written(path: Path) -> dict[str, str]:
    """Text -> translation, without the head."""
    found: list[list[str]] = []
    for line in path.read_text().splitlines():
        word, _, quoted = line.partition(" ")
        if word == "msgid":
            found.append([ast.literal_eval(quoted)])
        elif word == "msgstr":
            found[-1].append(ast.literal_eval(quoted))
    return {text: translation for text, translation in found if text}


def said(folder: Path) -> Iterator[str]:
    """Every text of an app's code and templates."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    for path in folder.rglob("*.html"):
        page = path.read_text()
        yield from re.findall(r'{% translate "(.*?)"', page)
        yield from (re.sub(r"{{ (\w+) }}", r"%(\1)s", block) for block in BLOCK.findall(page))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_is_compiled_is_what_is_written_and_still_said(path: Path) -> None:
    texts = written(path)
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {text: compiled.gettext(text) for text in texts} == texts, "run compilemessages and commit django.mo"
    assert [text for text, translation in texts.items() if not translation] == []
    assert [text for text in texts if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(texts[text]))] == []
    assert set(texts) - set(said(path.parents[3])) == set(), "these texts were changed: change them here, too"


def test_there_are_translations() -> None:
    assert FILES
