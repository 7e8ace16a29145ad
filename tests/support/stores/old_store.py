"""Stores in the state of older releases."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from trackside.cli.stores import open_database
from trackside.core.db.migrate import OWN_TABLE, Migration, migrations, statements
from trackside.core.settings import Settings

LATEST = migrations()[-1].number


def apply(db: Any, some: Sequence[Migration]) -> None:
    """Apply migrations as a release that had no others."""
    with db.write(0) as tx:
        tx.run(f"CREATE TABLE {OWN_TABLE}")
        for each in some:
            for statement in statements(each.text, db.dialect):
                tx.run(statement)
            tx.run(
                "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (:n, :name, :sum, 0)",
                n=each.number,
                name=each.name,
                sum=each.checksum,
            )


def begin(db: Any) -> None:
    """Insert the rows that the first release put into a new store."""
    with db.write(0) as tx:
        tx.run(
            """
            INSERT INTO workspaces (workspace_id, uid, name, subscription_id, resource_group, creation_time, last_update_time)
            VALUES (1, 'u', 'default', 's', 'g', 1, 1)
            """
        )
        tx.run(
            """
            INSERT INTO experiments (workspace_id, experiment_id, name, artifact_location, lifecycle_stage, creation_time,
                last_update_time) VALUES (1, 0, 'Default', 'x', 'active', 1, 1)
            """
        )


def make_old(chosen: Settings) -> None:
    """The store of the settings, at the first schema."""
    with closing(open_database(chosen)) as db:
        apply(db, migrations()[:1])
        begin(db)
