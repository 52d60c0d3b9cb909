"""Each component of the template library, drawn from a template as a page would."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import TemplateSyntaxError, engines
from django.test import RequestFactory
from django.utils import translation

from maru.platform.ui.icons import UnknownIcon, svg

HOSTILE = "<script>alert(1)</script>\"'&"


def draw(source: str, **context: Any) -> str:
    with translation.override("en"):
        return str(engines["django"].from_string("{% load i18n ui %}" + source).render(context))


ALL_BUT_FORMS = {
    "button": '{% button text icon="send" name="act" value=text %}',
    "link_button": '{% link_button text "/x/" %}',
    "tag": '{% tag text "live" %}',
    "notice": '{% notice "warn" text title=text %}',
    "card": '{% card title=text href="/x/" %}{{ text }}{% endcard %}',
    "stat": "{% stat text text unit=text age=text source=text %}",
    "empty": '{% empty text title=text href="/x/" label=text %}',
    "trail": '{% trail text "/x/" text %}',
    "tabs": '{% tabs text "/x/" label=text current="/x/" %}',
    "disclosure": "{% disclosure text %}{{ text }}{% enddisclosure %}",
    "confirm": "{% confirm text title=text %}{{ text }}{% endconfirm %}",
    "dialog": '{% dialog id="one" title=text %}{{ text }}{% enddialog %}',
    "table": "{% table text %}<tr><td>{{ text }}</td></tr>{% endtable %}",
    "progress": "{% progress text 3 7 text %}",
    "avatar": "{% avatar text %}",
    "opinion": '{% opinion one vote_url="/v/" %}',
    "player": '{% player src="/x.m3u8" title=text sound="/a.m3u8" downloads=pairs %}',
    "fieldset": "{% fieldset text hint=text %}{{ text }}{% endfieldset %}",
}


@pytest.mark.parametrize("name", ALL_BUT_FORMS)
def test_text_is_never_markup(name: str) -> None:
    one = {
        "id": HOSTILE,
        "name": HOSTILE,
        "text": HOSTILE,
        "question": True,
        "votes": 1,
        "state": "asked",
        "at": None,
    }
    html = draw(ALL_BUT_FORMS[name], text=HOSTILE, one=one, pairs=[(HOSTILE, "/d/")])
    assert "<script" not in html
    assert "alert(1)" in html or name == "avatar"


def test_a_button_says_what_it_is() -> None:
    html = draw(
        '{% button "Vote" kind="secondary" pressed=True disabled=True label_hidden=True icon="vote" %}'
    )
    assert 'class="button button--secondary button--icon"' in html
    assert 'type="submit"' in html
    assert 'aria-pressed="true" disabled' in html
    assert '<span class="visually-hidden">Vote</span>' in html


def test_a_button_that_opens_a_dialog_sends_no_form() -> None:
    assert 'type="button" data-opens="share"' in draw('{% button "Share" opens="share" %}')


@pytest.mark.parametrize(
    "source", ['{% button "x" kind="big" %}', '{% tag "x" "pink" %}', '{% notice "shout" "x" %}']
)
def test_an_unknown_kind_is_refused_with_the_ones_there_are(source: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="use one of"):
        draw(source)


def test_an_unknown_icon_is_refused() -> None:
    with pytest.raises(UnknownIcon, match="no icon 'unicorn'"):
        svg("unicorn")


def test_a_message_of_django_is_a_notice() -> None:
    assert "notice--danger" in draw('{% notice "error" "No" %}')
    assert 'role="alert"' in draw('{% notice "error" "No" %}')


class EveryField(forms.Form):
    text = forms.CharField(
        max_length=500, help_text="As you speak", widget=forms.Textarea(attrs={"maxlength": 500})
    )
    yes = forms.BooleanField(required=False)
    way = forms.ChoiceField(choices=[("a", "Air"), ("b", "Boat")], widget=forms.RadioSelect)
    many = forms.MultipleChoiceField(
        choices=[("a", "Air")], widget=forms.CheckboxSelectMultiple, required=False
    )
    pick = forms.ChoiceField(choices=[("a", "Air")], required=False)
    day = forms.SplitDateTimeField(required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_field_ties_label_hint_and_error_to_its_control() -> None:
    form = EveryField({"text": ""}, auto_id="id_%s")
    form.is_valid()
    html = draw("{% field form.text %}", form=form)
    assert '<label class="field__label" for="id_text">' in html
    assert 'id="id_text_helptext"' in html
    assert 'id="id_text_error"' in html
    assert 'aria-describedby="id_text_helptext id_text_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'data-counter="500"' in html


def test_choices_stand_in_a_fieldset_with_a_legend() -> None:
    html = draw("{% field form.way %}{% field form.many %}{% field form.yes %}", form=EveryField())
    assert html.count("<fieldset") == 2
    assert html.count("<legend") == 2
    assert html.count('type="radio"') == 2
    assert '<label class="choice__label" for="id_yes">' in html


def test_a_field_that_may_stay_empty_says_so() -> None:
    assert "(optional)" in draw("{% field form.pick %}", form=EveryField())
    assert "(optional)" not in draw("{% field form.text %}", form=EveryField())


def test_the_summary_links_to_each_wrong_field() -> None:
    form = EveryField({"text": "", "way": "z"})
    form.is_valid()
    html = draw("{% error_summary form %}", form=form)
    assert 'href="#id_text"' in html
    assert "data-autofocus" in html
    assert draw("{% error_summary form %}", form=EveryField()).strip() == ""


def test_pages_keep_the_query() -> None:
    page = Paginator(range(100), 10).page(5)
    html = draw("{% pagination page %}", page=page, request=RequestFactory().get("/live/?q=bus&page=5"))
    assert 'href="?q=bus&amp;page=6"' in html
    assert html.count('aria-current="page"') == 1
    assert draw("{% pagination page %}", page=Paginator([1], 10).page(1)).strip() == ""


def test_a_number_carries_unit_age_and_source() -> None:
    html = draw(
        '{% stat "Watching" 75000 unit="people" age=at source="stream" source_url="/s/" id="now" %}',
        at=datetime(2026, 11, 16, 2, 0, tzinfo=UTC),
    )
    assert '<span id="now">75,000</span>' in html
    assert "people" in html
    assert 'datetime="2026-11-16T02:00:00+00:00"' in html
    assert '<a href="/s/">stream</a>' in html


def test_a_vote_is_a_form_that_needs_no_script() -> None:
    one = {"id": "a1", "name": "Noor", "text": "Why?", "question": True, "votes": 7, "state": "asked"}
    html = draw('{% opinion one vote_url="/live/x/opinions/a1/vote/" voted=True %}', one=one)
    assert 'method="post" action="/live/x/opinions/a1/vote/"' in html
    assert 'aria-pressed="true"' in html
    assert "<form" not in draw('{% opinion one vote_url="/v/" can_vote=False %}', one=one)


def test_the_empty_row_has_every_part_a_script_fills() -> None:
    html = draw('{% opinion_template vote_url="/v/" %}')
    for part in ("avatar", "name", "time", "tags", "question-tag", "text", "vote", "votes"):
        assert f'data-part="{part}"' in html


def test_the_player_hands_its_words_over_in_the_page_s_language() -> None:
    source = engines["django"].from_string(
        '{% load ui %}{% player src="/x.m3u8" title="T" chapters=chapters %}'
    )
    with translation.override("ko"):
        html = source.render({"chapters": [{"title": "인사", "at": datetime(2026, 1, 1, tzinfo=UTC)}]})
    assert "생방송으로" in html
    assert "Back to live" not in html
    assert "2026-01-01T00:00:00+00:00" in html
    assert 'href="/x.m3u8"' in html
