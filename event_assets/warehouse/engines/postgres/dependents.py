"""The views that read a relation: PostgreSQL drops no table that one reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from dlt.destinations.sql_client import SqlClientBase

from event_assets.warehouse.failures import WarehouseError
from event_assets.warehouse.relations import Relation

_FIND = """\
with recursive found(oid, depth) as (
    select %s::regclass::oid, 0
    union
    select rules.ev_class, found.depth + 1
    from found
    join pg_depend as depends on depends.refclassid = 'pg_class'::regclass and depends.refobjid = found.oid
    join pg_rewrite as rules on rules.oid = depends.objid and depends.classid = 'pg_rewrite'::regclass
    where rules.ev_class <> found.oid
)
select classes.oid::regclass::text, classes.relkind::text, pg_get_viewdef(classes.oid),
    pg_get_userbyid(classes.relowner) = current_user, max(found.depth)
from found join pg_class as classes on classes.oid = found.oid
where found.depth > 0 group by classes.oid, classes.relkind, classes.relowner order by max(found.depth)
"""


class _View(NamedTuple):
    name: str
    kind: str
    select: str
    is_ours: bool
    depth: int


class Dependents:
    """The views that read a relation, also by way of others."""

    def __init__(self, client: SqlClientBase[Any], relation: Relation) -> None:
        """Take the client of a session, in a transaction, and the relation as the database calls it."""
        # Not the session: a view of a user may read what another event has.
        self._client, self._relation = client, relation

    @contextmanager
    def rebuilt(self) -> Iterator[None]:
        """Rebuild the views after a block that drops them with the relation.

        Raises:
            WarehouseError: A view is another user's, which the block must not drop. The transaction is to be rolled
                back.
            DatabaseException: A view reads a column that is gone.
        """
        views = [_View(*row) for row in self._client.execute_sql(_FIND, self._relation.sql()) or []]
        if others := [view.name for view in views if not view.is_ours]:
            raise WarehouseError(
                f"{self._relation} has to be rebuilt, because its columns have changed, and views of other "
                f"users read it: {', '.join(others)}. Drop them, run again, and create them again. Nothing was changed."
            )
        yield
        for view in views:
            kind = "materialized view" if view.kind == "m" else "view"
            self._client.execute_sql(f"create {kind} {view.name} as {view.select}")
