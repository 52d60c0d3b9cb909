"""The web process: uvicorn with the house's ASGI application."""

from __future__ import annotations

import uvicorn

from maru.platform.ports.environment import Environment


def main(environment: Environment) -> int:
    """Serve pages until SIGTERM. Keep-alive connections get 3 s to finish."""
    uvicorn.run(
        "maru.project.asgi:application",
        host=environment.bind,
        port=environment.port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Forwarded addresses are read by TrustedProxies, which counts the city's own proxies.
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        backlog=4096,
        h11_max_incomplete_event_size=32 * 1024,
    )
    return 0
