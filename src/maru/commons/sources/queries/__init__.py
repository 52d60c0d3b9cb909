"""Reading: what the catalogue, the pages and other parts of the house are given."""
