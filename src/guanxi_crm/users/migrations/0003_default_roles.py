"""The roles that come with Guanxi."""

from django.db import migrations

from guanxi_crm.users.services.roles import roles_ensure


def make_roles(apps, schema_editor):  # noqa: ARG001
    roles_ensure(model=apps.get_model("users", "Role"))


class Migration(migrations.Migration):
    dependencies = [("users", "0002_roles_and_last_seen")]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
