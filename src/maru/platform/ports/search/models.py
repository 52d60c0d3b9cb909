"""The index of words. Texts stand in it as tokens (see ``tokens``), so that every database finds the same."""

from __future__ import annotations

from django.db import models


class Indexed(models.Model):
    """One thing that can be found: ``kind`` says what it is, ``key`` which one."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=150)
    title = models.TextField()
    body = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="indexed_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
