"""The outbox: events written in the same transaction as the change they tell of."""

from __future__ import annotations

from django.db import models


class Channel(models.Model):
    """A stream of events. The row is also the lock that makes the numbers follow the order of commits."""

    name = models.CharField(primary_key=True, max_length=150)
    head = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Outbox(models.Model):
    """One event. Kept for a day, for the stream; what must last longer lasts in the tables of its own part."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    payload = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "seq"], name="outbox_one_number_once")]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.seq} {self.kind}"
