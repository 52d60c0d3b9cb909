import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("opendata", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(max_length=200, verbose_name="what it is for")),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("shown", models.CharField(max_length=8)),
                ("per_minute", models.PositiveIntegerField(default=1200)),
                ("per_day", models.PositiveIntegerField(default=100000)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="opendata_keys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="replaces",
                        to="opendata.accesskey",
                    ),
                ),
            ],
            options={"verbose_name": "key", "verbose_name_plural": "keys", "ordering": ["-pk"]},
        ),
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("interface", models.CharField(max_length=12)),
                ("dataset", models.CharField(blank=True, max_length=80)),
                ("calls", models.PositiveBigIntegerField(default=0)),
                ("rows", models.PositiveBigIntegerField(default=0)),
                ("refused", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "verbose_name": "day of use",
                "verbose_name_plural": "days of use",
                "ordering": ["day"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "interface", "dataset"), name="opendata_usage_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KeyDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("calls", models.PositiveBigIntegerField(default=0)),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="opendata.accesskey",
                    ),
                ),
            ],
            options={
                "verbose_name": "day of a key",
                "verbose_name_plural": "days of keys",
                "constraints": [models.UniqueConstraint(fields=("key", "day"), name="opendata_key_day_once")],
            },
        ),
    ]
