"""A workspace gets a root under a lock that no other write shares."""

import asyncio
from typing import Any

from support.links import until
from support.stores.postgres import Admin, rows
from trackside.core.db.postgres import PostgresDatabase
from trackside.workspaces import store as workspaces

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'"


def test_a_workspace_gets_a_root_while_others_write(db: PostgresDatabase) -> None:
    """A shared lock once caused a deadlock of the server and its own batch writers."""
    with db.write_beside(1) as other:
        other.run("UPDATE workspaces SET description = 'open' WHERE workspace_id = :ws")
        with db.write(1) as tx:
            assert workspaces.roots_of_others(tx, "north") == []


def test_two_workspaces_get_their_roots_one_after_the_other(db: PostgresDatabase, admin: Admin) -> None:
    with db.read(1) as tx:
        ((database,),) = tx.all("SELECT CAST(current_database() AS TEXT)")

    def second() -> Any:
        with db.write_beside(1) as tx:
            return workspaces.roots_of_others(tx, "south")

    async def both() -> Any:
        with db.write(1) as tx:
            workspaces.roots_of_others(tx, "north")
            waits = asyncio.create_task(asyncio.to_thread(second))
            await asyncio.to_thread(until, lambda: rows(admin, WAITING, database) == [(1,)], "the other to wait")
            workspaces.create(tx, "north", default_artifact_root="s3://bucket/north")
        return await waits

    assert asyncio.run(both()) == ["s3://bucket/north"]
