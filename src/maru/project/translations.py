"""``python -m maru.project.translations compile|check``: catalogues without GNU gettext, by Babel.

Each part keeps its own catalogue (``locale/<language>/LC_MESSAGES/django.po``). ``check`` fails on entries that are
untranslated or fuzzy and on texts of code and templates that a part's catalogues lack.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

PACKAGE = Path(__file__).resolve().parent.parent
LANGUAGES = ("ko",)
_PLURAL = re.compile(
    r"{%\s*blocktrans(?:late)?\b(?P<args>[^%]*)%}(?P<one>.*?)(?:{%\s*plural\s*%}(?P<many>.*?))?{%\s*endblocktrans(?:late)?\s*%}",
    re.S,
)
_SIMPLE = re.compile(
    r"""{%\s*trans(?:late)?\s+(?P<quote>["'])(?P<text>.*?)(?P=quote)(?P<rest>[^%]*)%}""", re.S
)
_ARGUMENT = re.compile(r"""\b_\((?P<quote>["'])(?P<text>.*?)(?P=quote)\)""", re.S)
_CONTEXT = re.compile(r"""context\s+(["'])(.*?)\1""")
_VARIABLE = re.compile(r"{{\s*([\w.]+)(?:\|[^}]*)?\s*}}")
Message = tuple[str | None, str]


def catalogues() -> list[Path]:
    """Every catalogue of the house."""
    return sorted(PACKAGE.glob("**/locale/*/LC_MESSAGES/django.po"))


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


def compile_all() -> int:
    """Write a ``.mo`` beside each ``.po``; returns how many."""
    for path in catalogues():
        with path.with_suffix(".mo").open("wb") as out:
            write_mo(out, _read(path))
    return len(catalogues())


def _template_messages(path: Path) -> set[Message]:
    text = path.read_text(encoding="utf-8")
    found: set[Message] = set()
    for match in _SIMPLE.finditer(text):
        context = _CONTEXT.search(match["rest"])
        found.add((context[2] if context else None, match["text"]))
    for match in _PLURAL.finditer(text):
        context = _CONTEXT.search(match["args"])
        body = match["one"]
        if "trimmed" in match["args"]:
            body = re.sub(r"\s*\n\s*", " ", body.strip())
        found.add(
            (
                context[2] if context else None,
                _VARIABLE.sub(r"%(\1)s", body.replace("%", "%%")) if "{{" in body else body,
            )
        )
    bare = _PLURAL.sub("", text)
    for match in _ARGUMENT.finditer(bare):
        found.add((None, match["text"]))
    return found


def _code_messages(path: Path) -> set[Message]:
    keywords = {
        "gettext": None,
        "gettext_lazy": None,
        "_": None,
        "gettext_noop": None,
        "ngettext": (1, 2),
        "ngettext_lazy": (1, 2),
        "pgettext": ((1, "c"), 2),
        "pgettext_lazy": ((1, "c"), 2),
    }
    found: set[Message] = set()
    for _line, message, _comments, context in extract_from_file("python", path, keywords=keywords):
        text = message[0] if isinstance(message, tuple) else message
        if text:
            found.add((context, text))
    return found


def messages(part: Path) -> dict[Message, Path]:
    """The texts that the code and templates below a folder show, each with one file that has it."""
    found: dict[Message, Path] = {}
    for path in sorted(part.rglob("*")):
        if "tests" in path.parts or "migrations" in path.parts or not path.is_file():
            continue
        if path.suffix == ".py":
            found.update(dict.fromkeys(_code_messages(path), path))
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            found.update(dict.fromkeys(_template_messages(path), path))
    return found


def check(language: str) -> list[str]:
    """What is missing in a language: one line for each text."""
    translated: set[Message] = set()
    lines: list[str] = []
    for path in catalogues():
        if path.parent.parent.name != language:
            continue
        for message in _read(path):
            if not message.id:
                continue
            first = message.id[0] if isinstance(message.id, list | tuple) else message.id
            strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
            if message.fuzzy or not all(strings):
                lines.append(f"{path.relative_to(PACKAGE)}: untranslated or fuzzy: {first!r}")
            else:
                translated.add((message.context, str(first)))
    for (context, text), where in messages(PACKAGE).items():
        if (context, text) not in translated:
            lines.append(f"{where.relative_to(PACKAGE)}: not in any {language} catalogue: {text!r}")
    return lines


def main(arguments: list[str]) -> int:
    """Run one of the two commands."""
    command = arguments[0] if arguments else "check"
    if command == "compile":
        print(f"{compile_all()} catalogues compiled")
        return 0
    lines = [line for language in LANGUAGES for line in check(language)]
    print("\n".join(lines) or "every text is translated")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
