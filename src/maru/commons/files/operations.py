"""Taking in a picture: checked by decoding it, written anew without its metadata, named by its content."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import warnings
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import ForeignObjectRel
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from maru.commons.files.models import StoredFile
from maru.commons.people.models import Person
from maru.platform.access.refusals import Invalid, TooLarge

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 3840
_READ = ("JPEG", "PNG", "WEBP")


class Upload(Protocol):
    """What is needed of an uploaded file."""

    name: str | None

    def read(self, n: int = -1, /) -> bytes:
        """Up to ``n`` bytes."""
        ...


def store_picture(*, upload: Upload, by: Person | None, field: str = "poster") -> StoredFile:
    """Keep a JPEG, PNG or WebP of at most 5 MB. The same picture twice is one file.

    Raises TooLarge, or Invalid when it is not such a picture. Larger than 3,840 pixels on a side is made smaller.
    """
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TooLarge(_("At most 5 MB, please."), field=field)
    content, content_type, ending, (width, height) = _encode_anew(data, field)
    name = f"{hashlib.sha256(content).hexdigest()}.{ending}"
    with transaction.atomic():
        # The row first, locked: while `discard` removes the same picture this waits, then writes its file again.
        stored, _made = StoredFile.objects.select_for_update().get_or_create(
            name=name,
            defaults={
                "content_type": content_type,
                "width": width,
                "height": height,
                "size": len(content),
                "original_name": Path(upload.name or "").name[:200],
                "uploaded_by": by,
            },
        )
        _write(_place(stored), content)
    return stored


def discard(*, stored: StoredFile) -> bool:
    """Remove a picture, and its file, if nothing refers to it any more; returns whether it was removed."""
    with transaction.atomic():
        fresh = StoredFile.objects.select_for_update().filter(pk=stored.pk).first()
        if fresh is None or _is_used(fresh):
            return False
        place = _place(fresh)
        fresh.delete()
        place.unlink(missing_ok=True)
    return True


def _is_used(stored: StoredFile) -> bool:
    """Whatever refers to pictures, in any part of the house; relations without a way back are counted too."""
    relations = [
        one
        for one in StoredFile._meta.get_fields(include_hidden=True)
        if isinstance(one, ForeignObjectRel) and not one.many_to_many
    ]
    return any(
        one.related_model._base_manager.filter(**{one.field.name: stored.pk}).exists() for one in relations
    )


def _place(stored: StoredFile) -> Path:
    return Path(settings.MEDIA_ROOT) / stored.path


def _encode_anew(data: bytes, field: str) -> tuple[bytes, str, str, tuple[int, int]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(data), formats=_READ)
            if picture.width * picture.height > MAX_PIXELS:
                raise TooLarge(_("This picture has too many pixels."), field=field)
            picture = ImageOps.exif_transpose(picture)
            picture.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as fault:
        raise Invalid(field, _("This is not a JPEG, PNG or WebP picture.")) from fault
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise TooLarge(_("This picture has too many pixels."), field=field) from fault
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    out = io.BytesIO()
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        picture.convert("RGBA").save(out, "WEBP", quality=88)
        return out.getvalue(), "image/webp", "webp", picture.size
    picture.convert("RGB").save(out, "JPEG", quality=88, progressive=True, optimize=True)
    return out.getvalue(), "image/jpeg", "jpg", picture.size


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, also if the power fails."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
