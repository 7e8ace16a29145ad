"""Start the scorer from its folder: `python <folder> --model PATH --port N`, or `python <folder> batch ORDER`, `profile`, `lake`.

The folder is made importable as `trackside.scorer`, and nothing else of `trackside` is, because the model's environment must not
see the packages of the server.
"""

import importlib.util
import os
import sys
import types
from pathlib import Path


def mount() -> None:
    folder = Path(__file__).resolve().parent
    parent = types.ModuleType("trackside")
    parent.__path__ = []
    spec = importlib.util.spec_from_file_location(
        "trackside.scorer", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is not the folder of the scorer")
    package = importlib.util.module_from_spec(spec)
    sys.modules["trackside"] = parent
    sys.modules["trackside.scorer"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    if "trackside.scorer" not in sys.modules:
        own = Path(__file__).resolve()  # the path may lead through links, as it does in a pod
        sys.path[:] = [each for each in sys.path if (Path(each) / own.name).resolve() != own]
        mount()
    if sys.argv[1:2] == ["batch"]:
        from trackside.scorer.batch.main import main as batch

        sys.exit(batch(sys.argv[2:]))
    if sys.argv[1:2] == ["profile"]:
        from trackside.scorer.profile import main as profile

        sys.exit(profile(sys.argv[2:]))
    if sys.argv[1:2] == ["lake"]:
        from trackside.scorer.batch.lake.main import main as lake

        code = lake(sys.argv[2:])
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)  # threads of deltalake that run at the end of the interpreter abort the process now and then
    from trackside.scorer.serve import main

    sys.exit(main(sys.argv[1:]))
