"""The words of the player in the page's language; the template hands them to the script as JSON."""

from __future__ import annotations

from django.utils.translation import gettext, pgettext


def player_words() -> dict[str, object]:
    """Return the player's texts; `chrome` holds those of media-chrome by their English names."""
    return {
        "live": gettext("Live"),
        "toLive": gettext("Back to live"),
        "toStart": gettext("From the beginning"),
        "unmute": gettext("Turn the sound on"),
        "settings": pgettext("player", "Settings"),
        "quality": gettext("Picture quality"),
        "automatic": gettext("Automatic"),
        "soundOnly": gettext("Sound only"),
        "speed": gettext("Speed"),
        "captions": gettext("Captions"),
        "off": pgettext("captions", "Off"),
        "keys": gettext("Single keys steer the player"),
        "waiting": gettext("Waiting for the picture. It begins by itself."),
        "lost": gettext("The connection is lost. It comes back by itself."),
        "missing": gettext("There is no recording of this broadcast."),
        "close": gettext("Close"),
        "back10": gettext("10 seconds back"),
        "forward10": gettext("10 seconds forward"),
        "behind": gettext("How far behind the live picture"),
        "chrome": _chrome(),
    }


def _chrome() -> dict[str, str]:
    return {
        "play": gettext("play"),
        "pause": gettext("pause"),
        "mute": gettext("mute"),
        "unmute": gettext("unmute"),
        "volume": gettext("volume"),
        "seek": gettext("seek"),
        "video player": gettext("video player"),
        "media loading": gettext("loading"),
        "closed captions": gettext("captions"),
        "playback time": gettext("playback time"),
        "enter fullscreen mode": gettext("full screen"),
        "exit fullscreen mode": gettext("leave full screen"),
        "chapter: {chapterName}": gettext("chapter: {chapterName}"),
        "{currentTime} of {totalTime}": gettext("{currentTime} of {totalTime}"),
        "{time} remaining": gettext("{time} remaining"),
        "video not loaded, unknown time.": gettext("not loaded yet"),
        "hour": gettext("hour"),
        "hours": gettext("hours"),
        "minute": gettext("minute"),
        "minutes": gettext("minutes"),
        "second": gettext("second"),
        "seconds": gettext("seconds"),
    }
