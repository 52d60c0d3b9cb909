"""From what outside systems write to typed values: whole columns at once, every doubt a mark and never an exception."""
