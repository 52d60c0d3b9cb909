"""Changing the plaza: keyword-only functions, one transaction each, with audit entry, notices and index."""
