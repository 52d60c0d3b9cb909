"""How often one may speak and support: generous for a person, tight for a flood."""

from __future__ import annotations

from maru.platform.access.limits import declare

# A hall full of people behind one address (a school, an office) writes far more than one person may.
WRITE_OPINION = declare("write_opinion", times=10, seconds=60, per_address=1_200)
VOTE = declare("vote", times=60, seconds=60, per_address=6_000)
WRITE_VOICE = declare("write_voice", times=10, seconds=60, per_address=600)
