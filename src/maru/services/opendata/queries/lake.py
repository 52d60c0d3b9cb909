"""The lake of this house."""

from __future__ import annotations

import functools

from django.conf import settings

from maru.platform.ports import lake as port
from maru.platform.ports.environment import Environment
from maru.platform.ports.lake.store import FileLake


def lake() -> FileLake:
    """The house's lake; one object for each folder and process."""
    return _connected(settings.MARU)


@functools.lru_cache(maxsize=8)
def _connected(environment: Environment) -> FileLake:
    return port.connect(environment)
