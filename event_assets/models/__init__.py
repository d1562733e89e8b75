"""The models: dbt-style SELECTs over the raw tables, one a file, with their facts beside them.

``staging/*.sql`` become views, or tables where their facts say so, ``summary/*.sql`` tables, ``history/*.sql`` tables
that only grow. Beside ``agenda.sql`` stands ``agenda.yml``: what one row is and means. ``project`` reads them and finds
the dependencies, ``pii`` checks that none shows undeclared personal data, and ``build`` builds one. ``assets`` decides
when.
"""

from event_assets.models.build import build
from event_assets.models.project import Model, ModelError, available_models, load_models

__all__ = ["Model", "ModelError", "available_models", "build", "load_models"]
