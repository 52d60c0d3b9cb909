"""The demonstration: a key for each provider of the simulated outside world, as a city would have got them by letter."""

from __future__ import annotations

import os
import secrets

from maru.commons.sources.declaration import all_declarations
from maru.platform.ports.environment import Environment

_ASKED_WITH_A_KEY = {"seoul", "seoul_citydata", "seoul_subway", "dataportal", "topis", "json", "xml"}


def plant(environment: Environment) -> int:
    """Write ``keys.toml`` if the home has none and its outside is simulated; how many keys."""
    path = environment.home / "keys.toml"
    if not environment.outside or path.exists():
        return 0
    names = {
        declared.secret
        for declared in all_declarations(environment.home).values()
        if declared.secret and declared.kind in _ASKED_WITH_A_KEY
    }
    lines = ["[keys]", *(f'{name} = "demo-{secrets.token_hex(8)}"' for name in sorted(names))]
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    draft.replace(path)
    return len(names)
