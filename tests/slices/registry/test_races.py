"""Parallel writers and crashes, with servers of their own processes: numbers of versions are consecutive and distinct."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from support.client import Api, Unanswered
from support.processes.servers import Server
from support.registry import CLOUD, OWN, Registry

pytestmark = pytest.mark.both

THREADS = 8
EACH = 15


def register(api: Api, count: int) -> list[int]:
    registry = Registry(api)
    return [int(registry.new_version()["version"]) for _ in range(count)]


def numbers(server: Server) -> list[int]:
    found = Registry(server.api).call("GET", "model-versions/search", order_by="version_number ASC")
    return [int(version["version"]) for version in found.get("model_versions", [])]


@pytest.mark.slow
def test_threads_that_register_get_each_number_once(any_server: Server) -> None:
    Registry(any_server.api).new_model()

    with ThreadPoolExecutor(THREADS) as pool:
        given = sorted(n for found in pool.map(register, [any_server.api] * THREADS, [EACH] * THREADS) for n in found)

    assert given == list(range(1, THREADS * EACH + 1)) == numbers(any_server)


def test_servers_that_share_a_store_give_each_number_once(postgres_store: str, start: Callable[..., Server]) -> None:
    servers = [start("--store", postgres_store) for _ in range(2)]
    Registry(servers[0].api).new_model()

    with ThreadPoolExecutor(THREADS) as pool:
        apis = [servers[i % 2].api for i in range(THREADS)]
        given = sorted(n for found in pool.map(register, apis, [EACH] * THREADS) for n in found)

    assert given == list(range(1, THREADS * EACH + 1)) == numbers(servers[1])


@pytest.mark.slow
def test_servers_that_share_a_store_agree_on_names_and_stages(
    postgres_store: str, start: Callable[..., Server]
) -> None:
    servers = [start("--store", postgres_store) for _ in range(2)]
    first, second = (Registry(server.api) for server in servers)
    first.new_model()
    register(servers[0].api, 4)

    def promote(job: tuple[Api, int]) -> None:
        Registry(job[0]).move(job[1], "Production", archive=True)

    def make(api: Api) -> int:
        return api.ask("POST", "registered-models/create", {"name": "lily"}).status

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(promote, [(servers[i % 2].api, i % 4 + 1) for i in range(16)]))
        made = list(pool.map(make, [servers[i % 2].api for i in range(8)]))

    in_production = [n for n in range(1, 5) if second.stage(n) == "Production"]
    now = second.call("GET", f"{OWN}/registered-models/iris/at", stage="Production")["versions"]
    assert len(in_production) == 1
    assert [held["version"] for held in now] == [str(in_production[0])]
    assert sorted(made) == [200] + [400] * 7


def test_a_number_is_never_given_twice_also_after_kill_9(any_server: Server) -> None:
    """Every number that a client received belongs to its version, and the next number is new."""
    Registry(any_server.api).new_model()
    seen: dict[int, str] = {}

    for attempt in range(3):

        def register_until_it_is_gone(thread: int, api: Api, attempt: int = attempt) -> dict[int, str]:
            found: dict[int, str] = {}
            with suppress(Unanswered):
                for i in range(1000):
                    source = f"{CLOUD}/{attempt}/{thread}/{i}"
                    made = Registry(api).new_version(source=source)
                    found[int(made["version"])] = source
            return found

        with ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(register_until_it_is_gone, thread, any_server.api) for thread in range(4)]
            reader = Registry(any_server.api)
            while len(reader.call("GET", "model-versions/search").get("model_versions", [])) < 20 * (attempt + 1):
                pass
            any_server.kill9()
            given = [job.result() for job in jobs]
        for found in given:
            assert not seen.keys() & found.keys()
            seen |= found
        any_server.start()

    kept = Registry(any_server.api).call("GET", "model-versions/search", order_by="version_number ASC")[
        "model_versions"
    ]
    stored = {int(version["version"]): version["source"] for version in kept}
    assert seen.items() <= stored.items()
    assert list(stored) == list(range(1, len(stored) + 1))
    assert Registry(any_server.api).new_version()["version"] == str(len(stored) + 1)


@pytest.mark.slow
def test_the_number_of_a_deleted_version_is_not_given_again_also_after_kill_9(any_server: Server) -> None:
    """Each round deletes the newest version repeatedly until the server is killed."""
    Registry(any_server.api).new_model()
    seen: list[str] = []

    for attempt in range(3):

        def register_and_delete_until_it_is_gone() -> list[str]:
            registry, found = Registry(any_server.api), []
            with suppress(Unanswered):
                for _ in range(1000):
                    found.append(registry.new_version()["version"])
                    registry.delete_version(found[-1])
            return found

        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(register_and_delete_until_it_is_gone)
            reader = Registry(any_server.api)
            path = f"{OWN}/registered-models/iris/history"
            while len(reader.call("GET", path, kind="version").get("events", [])) < 20 * (attempt + 1):
                pass
            any_server.kill9()
            seen += job.result()
        any_server.start()
        seen.append(Registry(any_server.api).new_version()["version"])
        Registry(any_server.api).delete_version(seen[-1])

    assert [int(version) for version in seen] == sorted({int(version) for version in seen})
    assert int(Registry(any_server.api).new_version()["version"]) > int(seen[-1])
