"""Logs: one line of JSON for each event on standard error, through structlog; no passwords, keys or addresses."""

from __future__ import annotations

import logging
import logging.config
import sys
from typing import Any

import structlog

_SECRET_WORDS = ("password", "secret", "token", "passphrase", "key")


def _mask(_logger: Any, _method: str, event: Any) -> Any:
    for name in event:
        if any(word in name.lower() for word in _SECRET_WORDS) and name not in {"key_suffix"}:
            event[name] = "•••"
    return event


def configure(options: dict[str, Any] | None = None) -> None:
    """Set up logging for a process of the house. Called by Django and by processes without Django."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _mask,
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    readable = sys.stderr.isatty() or bool((options or {}).get("debug"))
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    tail: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not readable:
        tail.append(structlog.processors.format_exc_info)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [*tail, renderer],
                }
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "line",
                    "stream": "ext://sys.stderr",
                }
            },
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {
                "uvicorn.access": {"level": "WARNING"},
                "django.request": {"level": "ERROR"},
                "asyncio": {"level": "WARNING"},
                "httpx": {"level": "WARNING"},
                "PIL": {"level": "WARNING"},
                # What goes wrong at an outside system is told by its source, in the house's words.
                "paramiko": {"level": "CRITICAL"},
            },
        }
    )
