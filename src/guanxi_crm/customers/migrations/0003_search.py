"""The search index: a table of each database's own kind."""

from django.db import migrations

from guanxi_crm.customers.fulltext import postgresql, sqlite


def _run(schema_editor, statements):
    for statement in statements[schema_editor.connection.vendor == "postgresql"]:
        schema_editor.execute(statement)


def create(_, schema_editor):
    _run(schema_editor, (sqlite.CREATE, postgresql.CREATE))


def drop(_, schema_editor):
    _run(schema_editor, (sqlite.DROP, postgresql.DROP))


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_lists")]
    operations = [migrations.RunPython(create, drop)]
