"""Translations: every text an app says is there in every language, whole and compiled, and nothing is left over."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import unfold
from django.conf import settings
from django.utils import translation
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "integrations" / "core"
APPS = [CORE, *sorted(path.parent for path in ROOT.glob("integrations/*/*/apps.py"))]
# Its book translates what django-unfold says, which has no translations of its own.
CONFIG = ROOT / "config"
# What lies in no app lies in core's book.
ELSEWHERE = {CORE: (ROOT / "templates", CONFIG), CONFIG: (Path(unfold.__file__).parent,)}
LANGUAGES = [language for language, _ in settings.LANGUAGES if language != "en"]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%%|\{\w*\}")
# Functions of django.utils.translation, under whatever name a file imports them, and whether they take a plural.
SAYING = {"gettext": False, "gettext_lazy": False, "gettext_noop": False, "ngettext": True, "ngettext_lazy": True}
QUOTED = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
IN_TEMPLATES = re.compile(rf"(?<![a-z])(?:gettext\({QUOTED}|ngettext\({QUOTED}, *{QUOTED})")

BOOKS = [(app, language) for app in (*APPS, CONFIG) for language in LANGUAGES]

# A text, and its plural ("" where it has none).
Text = tuple[str, str]


def written(path: Path) -> dict[Text, list[str]]:
    """Text -> its translation, or those of its plural forms; without the head."""
    found: list[tuple[str, str, list[str]]] = []
    for line in path.read_text().splitlines():
        word, _, quoted = line.partition(" ")
        if word == "msgid":
            found.append((ast.literal_eval(quoted), "", []))
        elif word == "msgid_plural":
            found[-1] = (found[-1][0], ast.literal_eval(quoted), [])
        elif word.startswith("msgstr"):
            found[-1][2].append(ast.literal_eval(quoted))
    return {(text, plural): forms for text, plural, forms in found if text}


def said_by_code(path: Path) -> Iterator[Text]:
    tree = ast.parse(path.read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    module = [node for node in imports if node.module == "django.utils.translation"]
    names = {alias.asname or alias.name: alias.name for node in module for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and names.get(node.func.id) in SAYING:
            given = [one.value for one in node.args if isinstance(one, ast.Constant)]
            if given:
                yield given[0], given[1] if SAYING[names[node.func.id]] else ""


def said_by_template(path: Path) -> Iterator[Text]:
    for one, singular, plural in IN_TEMPLATES.findall(templatize(path.read_text())):
        yield ast.literal_eval(one or singular), ast.literal_eval(plural or "''")


def said_in(folder: Path) -> Iterator[Text]:
    for path in folder.rglob("*.py"):
        if "migrations" not in path.parts:
            yield from said_by_code(path)
    for path in folder.rglob("*.html"):
        yield from said_by_template(path)


def said(app: Path) -> set[Text]:
    """A text that is said with a plural anywhere has that one everywhere."""
    texts = [text for folder in (app, *ELSEWHERE.get(app, ())) for text in said_in(folder)]
    plurals = {text: plural for text, plural in texts if plural}
    return {(text, plurals.get(text, "")) for text, _ in texts}


def po(app: Path, language: str) -> Path:
    return app / "locale" / language / "LC_MESSAGES" / "django.po"


def forms(catalog: gettext.GNUTranslations, text: Text) -> set[str]:
    return {catalog.ngettext(*text, number) for number in range(200)} if text[1] else {catalog.gettext(text[0])}


@pytest.fixture(params=BOOKS, ids=lambda book: f"{book[0].name}-{book[1]}")
def book(request: pytest.FixtureRequest) -> tuple[Path, Path]:
    app, language = request.param
    return app, po(app, language)


def test_every_text_is_translated_and_nothing_is_left_over(book: tuple[Path, Path]) -> None:
    app, path = book
    texts = written(path)
    assert app == CONFIG or said(app) - set(texts) == set(), "translate these, too"
    assert set(texts) - said(app) == set(), "these texts were changed: change them here, too"
    assert [text for text, given in texts.items() if not given or not all(given)] == []
    assert [line for line in path.read_text().splitlines() if line.startswith(("#~", "#, fuzzy"))] == []


def test_a_translation_has_the_placeholders_of_its_text(book: tuple[Path, Path]) -> None:
    def placeholders(text: str) -> list[str]:
        return sorted(PLACEHOLDER.findall(text))

    for (text, plural), given in written(book[1]).items():
        assert [form for form in given if placeholders(form) != placeholders(plural or text)] == [], text


def test_what_is_compiled_is_what_is_written(book: tuple[Path, Path]) -> None:
    texts = written(book[1])
    with book[1].with_suffix(".mo").open("rb") as file:
        catalog = gettext.GNUTranslations(file)
    found = {text: forms(catalog, text) for text in texts}
    assert found == {text: set(given) for text, given in texts.items()}, "run compilemessages and commit django.mo"


@pytest.mark.parametrize("language", LANGUAGES)
def test_apps_translate_a_text_alike(language: str) -> None:
    """The books of all apps become one, in which the first app's word counts for everybody."""
    first: dict[Text, list[str]] = {}
    for app in (*APPS, CONFIG):
        for text, given in written(po(app, language)).items():
            assert first.setdefault(text, given) == given, f"{text} in {app.name}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failure_that_says_to_press_retry_says_it_in_every_language(language: str) -> None:
    """By that word the log knows that it has nothing to add (`admin/log/words.py`)."""
    books = {text: forms for app in APPS for (text, _), forms in written(po(app, language)).items()}
    (button,) = books["Retry"]
    told = {text: forms for text, forms in books.items() if "press Retry" in text}
    assert len(told) > 20
    assert [text for text, forms in told.items() if not all(button in form for form in forms)] == []


def test_a_book_says_what_pages_show(book: tuple[Path, Path]) -> None:
    """Django and its apps have words of their own for some texts, and they come first: theirs is taken over, or ours
    stands in config/locale, which comes before theirs."""
    with translation.override(book[1].parts[-3]):
        shown = {text: translation.gettext(text) for (text, plural) in written(book[1]) if not plural}
    assert {text: given for (text, plural), (given, *_) in written(book[1]).items() if not plural} == shown


def test_there_are_translations() -> None:
    assert len(APPS) > 5
    assert {"da", "it", "cs"} <= set(LANGUAGES)
