"""Pictures: decoded, written anew, named by content; anything else refused."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from maru.commons.files.models import StoredFile
from maru.commons.files.operations import MAX_BYTES, discard, store_picture
from maru.platform.access.refusals import Invalid, Refusal, TooLarge

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    settings.MARU = replace(settings.MARU, media=tmp_path)
    return tmp_path


def picture(form: str = "JPEG", size=(64, 48), mode: str = "RGB", **words) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new(mode, size, "teal" if mode in {"RGB", "RGBA"} else 7).save(out, form, **words)
    return SimpleUploadedFile("../../etc/poster.jpg", out.getvalue())


@pytest.mark.parametrize(
    ("form", "mode", "ending"),
    [
        ("JPEG", "RGB", "jpg"),
        ("PNG", "RGB", "jpg"),
        ("PNG", "RGBA", "webp"),
        ("WEBP", "RGB", "jpg"),
        ("PNG", "P", "jpg"),
        ("JPEG", "CMYK", "jpg"),
        ("PNG", "I;16", "jpg"),
    ],
)
def test_pictures_are_kept_under_the_hash_of_their_content(media, form, mode, ending):
    stored = store_picture(upload=picture(form, mode=mode), by=None)
    assert stored.name.endswith(f".{ending}")
    assert stored.url == f"/media/files/{stored.name}"
    assert (stored.width, stored.height) == (64, 48)
    path = media / stored.path
    assert path.stat().st_size == stored.size
    assert stored.original_name == "poster.jpg"
    assert [file.name for file in path.parent.iterdir()] == [stored.name]


def test_the_same_picture_is_one_file():
    assert store_picture(upload=picture(), by=None) == store_picture(upload=picture(), by=None)
    assert StoredFile.objects.count() == 1


def test_the_place_where_it_was_taken_does_not_stay(media):
    exif = Image.Exif()
    exif[0x010E] = "home address"
    exif[0x0112] = 6  # lies on its side
    stored = store_picture(upload=picture(exif=exif), by=None)
    content = (media / stored.path).read_bytes()
    assert b"home address" not in content
    assert (stored.width, stored.height) == (48, 64)


def test_large_ones_are_made_smaller():
    stored = store_picture(upload=picture(size=(5000, 100)), by=None)
    assert stored.width == 3840


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=alert(1)>", b"GIF89a" + bytes(50), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
)
def test_anything_else_is_refused(content):
    with pytest.raises(Invalid) as caught:
        store_picture(upload=SimpleUploadedFile("x.jpg", content), by=None)
    assert caught.value.field == "poster"
    assert not StoredFile.objects.exists()


def test_too_many_bytes_or_pixels_are_refused():
    with pytest.raises(TooLarge):
        store_picture(upload=SimpleUploadedFile("x.jpg", b"\xff" * (MAX_BYTES + 1)), by=None)
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    assert len(out.getvalue()) < MAX_BYTES
    with pytest.raises(TooLarge):
        store_picture(upload=SimpleUploadedFile("bomb.png", out.getvalue()), by=None)


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
def test_a_damaged_picture_is_refused_or_read_never_a_fault(place, noise):
    content = bytearray(picture("PNG", mode="RGBA").read())
    content[place % len(content) : place % len(content)] = noise
    with contextlib.suppress(Refusal):
        store_picture(upload=SimpleUploadedFile("x.png", bytes(content)), by=None)


def test_a_picture_that_nothing_uses_can_be_thrown_away_and_come_back(media):
    stored = store_picture(upload=picture(), by=None)
    assert discard(stored=stored)
    assert not (media / stored.path).exists() and not StoredFile.objects.exists()
    assert not discard(stored=stored), "a second time changes nothing"
    again = store_picture(upload=picture(), by=None)
    assert again.name == stored.name and (media / again.path).exists()


def test_a_lost_file_is_written_again_when_its_picture_comes_again(media):
    stored = store_picture(upload=picture(), by=None)
    (media / stored.path).unlink()
    assert store_picture(upload=picture(), by=None) == stored
    assert (media / stored.path).exists()
