"""Superset's configuration for the published copy.

Superset imports this file by itself (SUPERSET_CONFIG_PATH, set by serve.py). Where its own database lies and what its
secret key is are SUPERSET_HOME and SUPERSET_SECRET_KEY, which Superset reads without help.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from superset.utils.log import DBEventLogger

APP_NAME = "百日行动 Hundred-Day Action"
BABEL_DEFAULT_LOCALE = "zh"
LANGUAGES = {
    "zh": {"flag": "cn", "name": "简体中文"},
    "en": {"flag": "us", "name": "English"},
}

# A figure is asked of the published copy each time: it takes milliseconds, and a cache would show the figures of
# the publication before.
CACHE_CONFIG: dict[str, Any] = {"CACHE_TYPE": "NullCache"}
DATA_CACHE_CONFIG: dict[str, Any] = {"CACHE_TYPE": "NullCache"}


@event.listens_for(Engine, "connect")
def _commit_without_waiting_for_the_disk(connection: Any, _: Any) -> None:
    """Superset's own database commits several times for each page: on a busy disk that took longer than the queries."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")


class VisitLogger(DBEventLogger):
    """Logs what people open, as their pages tell it (Superset's list of what was seen last is made of that).

    Superset's own six events for each query of a chart are left out: each was a commit, after which everything that the
    request had loaded was loaded again.
    """

    def log_with_context(self, action: str, *arguments: Any, **more: Any) -> None:
        if action == "log":
            super().log_with_context(action, *arguments, **more)


EVENT_LOGGER = VisitLogger()

# Superset takes DuckDB for unsafe, as it takes every database that is a file.
PREVENT_UNSAFE_DB_CONNECTIONS = False
WTF_CSRF_ENABLED = True
# Sessions over plain http: it listens on this machine alone.
SESSION_COOKIE_SAMESITE = "Lax"
FAB_API_SWAGGER_UI = False
# Counted in memory by the one process that there is.
RATELIMIT_STORAGE_URI = "memory://"

# Nothing from outside: the browser refuses whatever a page asks of another host, Superset's tracking pixel first.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}

FEATURE_FLAGS = {"DASHBOARD_RBAC": False, "ALERT_REPORTS": False, "THUMBNAILS": False}

# One family of colours for every chart; the report's own.
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "warehouse",
        "description": "",
        "label": "百日行动",
        "isDefault": True,
        "colors": [
            "#1f6f8b",
            "#e0a030",
            "#8bbf9f",
            "#c2452d",
            "#7d6b91",
            "#b9c3cc",
            "#63a5ba",
            "#8c7a5b",
            "#3f7d5b",
            "#5a6875",
        ],
    }
]
EXTRA_SEQUENTIAL_COLOR_SCHEMES = [
    {
        "id": "warehouse_blues",
        "description": "",
        "label": "百日行动（蓝）",
        "isDiverging": False,
        "isDefault": True,
        "colors": ["#eef1f4", "#d3e6ec", "#a3cbd8", "#63a5ba", "#2b7f9c", "#10506a"],
    }
]
