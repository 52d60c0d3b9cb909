"""The public interfaces of the plaza: one engine, many grammars. A raw ASGI application, served before Django."""
