"""Changing, one module for each matter.

``broadcasts`` create, edit, start, end; ``agenda`` chapters; ``shelves`` programmes and topics; ``captions``;
``conversation`` writing; ``questions`` votes and the host; ``moderation`` hide, show, hold; ``answers`` routing and
answers; ``reports`` what the media process saw; ``audience`` who watches; ``marks`` which timed files must be written
anew.
"""
