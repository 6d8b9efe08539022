"""Apache Superset on the published copy: its dashboards as code, its configuration, and `make bi`.

    dashboards/*.yml, datasets.yml → bundle (Superset's import format) → Superset's own database → a browser

Superset lives in an environment of its own (`.venv-bi`): its pins can't be met together with the project's. Only
`prepare.py` and `superset_config.py` run there; the rest runs in the project's environment.
"""
