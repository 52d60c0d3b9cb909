"""The table of tokens, and what makes it quick: an FTS5 table on SQLite, a generated tsvector on PostgreSQL."""

from django.db import migrations, models

_SQLITE = (
    "CREATE VIRTUAL TABLE search_words USING fts5(kind UNINDEXED, title, body, tokenize='unicode61 remove_diacritics 0')",
)
_POSTGRES = (
    """ALTER TABLE search_indexed ADD COLUMN words tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', body), 'D')) STORED""",
    "CREATE INDEX search_words ON search_indexed USING gin (words)",
)


def make(apps, schema_editor):
    statements = _SQLITE if schema_editor.connection.vendor == "sqlite" else _POSTGRES
    for statement in statements:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE search_words")
    else:
        schema_editor.execute("ALTER TABLE search_indexed DROP COLUMN words")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Indexed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=150)),
                ("title", models.TextField()),
                ("body", models.TextField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "key"), name="indexed_once")],
            },
        ),
        migrations.RunPython(make, drop),
    ]
