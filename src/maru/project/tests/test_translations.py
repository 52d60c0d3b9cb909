"""Both languages are complete, and the checker that says so can say no."""

from __future__ import annotations

from pathlib import Path

import pytest

from maru.project import translations


def test_every_text_of_the_house_is_translated() -> None:
    assert translations.check("ko") == []


def test_a_missing_and_a_fuzzy_text_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = tmp_path / "room" / "locale" / "ko" / "LC_MESSAGES"
    catalogue.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (catalogue / "django.po").write_text(
        head + 'msgid "Here"\nmsgstr "여기"\n\n#, fuzzy\nmsgid "Doubt"\nmsgstr "의심"\n'
    )
    (tmp_path / "room" / "views.py").write_text('from x import gettext as _\n_("Here")\n_("Not here")\n')
    pages = tmp_path / "room" / "templates"
    pages.mkdir()
    (pages / "page.html").write_text(
        '{% translate "In a page" %}{% blocktranslate trimmed count n=n %}\n One {{ n }}\n{% plural %}Many{% endblocktranslate %}'
    )
    monkeypatch.setattr(translations, "PACKAGE", tmp_path)
    found = "\n".join(translations.check("ko"))
    for text in ("Doubt", "Not here", "In a page", "One %(n)s"):
        assert text in found
    assert "'Here'" not in found
