"""The database itself refuses changes to audit entries."""

from django.db import migrations

from maru.platform.audit.triggers import install, remove


def _install(_apps, editor):
    install(editor.connection)


def _remove(_apps, editor):
    remove(editor.connection)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(_install, _remove)]
