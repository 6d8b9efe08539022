"""Set Superset's own database up, or bring it up to date: tables, roles, the administrator, the dashboards.

Run in Superset's environment by serve.py, which says what to do as JSON on standard input:
{"user": …, "password": …, "bundle": {path: YAML}}. Doing it twice changes nothing. What an earlier bundle brought and
this one has no more is removed; what people made in Superset themselves stays.
"""

from __future__ import annotations

import json
import sys
from typing import Any

ANALYST = "Analyst"


def prepare(user: str, password: str, bundle: dict[str, str]) -> None:
    from superset.app import create_app

    with create_app().app_context():
        # Superset's modules may be imported only inside an application.
        from flask_migrate import upgrade
        from superset import appbuilder, db, security_manager
        from superset.commands.importers.v1.assets import ImportAssetsCommand
        from superset.utils.core import override_user

        upgrade()
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        db.session.commit()
        administrator = _administrator(security_manager, user, password)
        with override_user(administrator):
            ImportAssetsCommand(bundle).run()
        _remove_what_is_gone(db.session, bundle)
        _let_analysts_read(db.session, security_manager)
        db.session.commit()


def _administrator(security_manager: Any, user: str, password: str) -> Any:
    found = security_manager.find_user(username=user)
    if found is None:
        role = security_manager.find_role(security_manager.auth_role_admin)
        return security_manager.add_user(
            user, "Warehouse", "Administrator", f"{user}@localhost", role, password=password
        )
    security_manager.reset_password(found.id, password)
    return found


def _remove_what_is_gone(session: Any, bundle: dict[str, str]) -> None:
    import yaml
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    kept = {str(yaml.safe_load(text).get("uuid")) for text in bundle.values()}
    for model in (Dashboard, Slice, SqlaTable):
        for found in session.query(model).filter(model.is_managed_externally.is_(True)):
            if str(found.uuid) not in kept:
                session.delete(found)


def _let_analysts_read(session: Any, security_manager: Any) -> None:
    """A role for colleagues: what Superset's Gamma may do, with the published copy as its data."""
    from superset.models.core import Database

    role = security_manager.add_role(ANALYST)
    data = [
        security_manager.add_permission_view_menu("database_access", database.perm)
        for database in session.query(Database)
    ]
    role.permissions = [*security_manager.find_role("Gamma").permissions, *data]


if __name__ == "__main__":
    prepare(**json.load(sys.stdin))
