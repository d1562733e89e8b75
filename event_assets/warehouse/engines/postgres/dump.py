"""Dumps a database with PostgreSQL's own program."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from dlt.destinations.impl.postgres.configuration import PostgresCredentials

from event_assets.warehouse.failures import WarehouseUnreadableError

PROGRAM = "pg_dump"


def dump(credentials: PostgresCredentials, where: str, file: Path, schemas: Sequence[str] = ()) -> Path:
    """Dump a database into a file, in PostgreSQL's custom format. Roles and grants to them are not in it.

    Args:
        credentials: How to reach it.
        where: What it is called in a message.
        file: The file to write.
        schemas: What to dump of it; all of it, if none is given.

    Raises:
        WarehouseUnreadableError: There is no ``pg_dump``, or it fails.
    """
    # In the environment, not among the arguments, which every user of the machine can read.
    given = {
        "PGHOST": credentials.host,
        "PGPORT": credentials.port,
        "PGUSER": credentials.username,
        "PGPASSWORD": credentials.password,
        "PGDATABASE": credentials.database,
        "PGSSLMODE": (credentials.query or {}).get("sslmode"),
    }
    environment = os.environ | {name: str(value) for name, value in given.items() if value}
    command = [PROGRAM, "--format=custom", "--no-owner", "--no-privileges", f"--file={file}"]
    command += [f"--schema={schema}" for schema in schemas]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise WarehouseUnreadableError(
            f"{where} is backed up by {PROGRAM}, and there is none: install PostgreSQL's client programs, of "
            "the server's version or a newer one. Nothing was written."
        ) from None
    if done.returncode:
        # Not its message: it may name the user.
        raise WarehouseUnreadableError(
            f"{PROGRAM} could not dump {where} (status {done.returncode}). It must be of the server's version or a "
            "newer one, and the user must be let into all tables. Nothing was written."
        )
    return file
