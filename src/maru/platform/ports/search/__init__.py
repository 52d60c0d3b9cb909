"""The search port: words of things, in any language of the house, found by part or beginning.

The index lives in the house's database (``MARU_SEARCH=database``): SQLite's FTS5 or PostgreSQL's text search over the same tokens.
"""
