"""File paths that the store of links cannot store do not affect their run."""

import random
import string

import pytest

from support.links import add, get_file, log, put_file, settle, url_of
from support.processes.servers import Server


@pytest.mark.parametrize("mode", ["push", pytest.param("pull", marks=pytest.mark.slow)])
def test_a_path_that_is_too_long_for_postgresql_is_left_out_alone(server: Server, pg_server: Server, mode: str) -> None:
    near = pg_server.api.new_workspace("north")
    far = server.api.new_workspace("south")
    source, target = (near, far) if mode == "push" else (far, near)
    run = source.new_run()
    name = "".join(random.Random(1).choices(string.ascii_letters, k=240))  # so that nothing is saved by compression
    put_file(source, run, "/".join(f"{i}{name[i:]}{name[:i]}" for i in range(12)), b"deep")
    put_file(source, run, "z.txt", b"not deep")

    add(near, "l", url_of(server, "south"), mode=mode)
    settle(near, "l")

    assert get_file(target, run, "z.txt") == b"not deep"
    assert [each["message"].partition("…")[2][:26] for each in log(near, "l")] == [" is left out: its path has"]
