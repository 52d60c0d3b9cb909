"""Reading.

``broadcasts`` gives guide, pages and cards; ``conversation`` opinions; ``staff`` desks; ``numbers`` figures.
"""
