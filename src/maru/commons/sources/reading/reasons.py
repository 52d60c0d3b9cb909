"""Why a row could not be read. The texts are stored in English and shown through gettext."""

from __future__ import annotations


def gettext_noop(text: str) -> str:
    """Marks a text for the catalogue. Django's own asks for settings, and this part is plain Python."""
    return text


MISSING = gettext_noop("A required value is missing.")
NOT_A_NUMBER = gettext_noop("This is not a number.")
NOT_WHOLE = gettext_noop("This is not a whole number.")
NOT_A_DATE = gettext_noop("This is not a date.")
NOT_A_TIME = gettext_noop("This is not a date with a time.")
NOT_YES_OR_NO = gettext_noop("This is neither yes nor no.")
OUT_OF_RANGE = gettext_noop("The value is outside the range that a sound record can have.")
NOT_A_PLACE = gettext_noop("These coordinates are no place on Earth, or outside the bounds of the source.")
UNDECODABLE = gettext_noop("Bytes of the key could not be decoded.")
NOT_A_RECORD = gettext_noop("This is not a record.")
TOO_MANY_FIELDS = gettext_noop("The line has more fields than columns, and more than one way to repair it.")
TOO_FEW_FIELDS = gettext_noop("The line has fewer fields than columns.")
UNREADABLE_FILE = gettext_noop("The file could not be read.")

OF_TYPE = {
    "number": NOT_A_NUMBER,
    "integer": NOT_WHOLE,
    "date": NOT_A_DATE,
    "datetime": NOT_A_TIME,
    "boolean": NOT_YES_OR_NO,
}
