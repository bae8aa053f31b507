"""Our distributions, built once in a run of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from tests.support.wheels import PUBLISHED, WORKSPACE, Built, build, built


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """Return the result of `python -m build` for each distribution and the workspace, by name."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base  # pytest-xdist gives each worker its own subfolder
    sources, folder = [*PUBLISHED, WORKSPACE], shared / "distributions"
    with FileLock(shared / "distributions.lock"):
        if not folder.exists():
            build(sources, shared / "distributions.new")
            Path(shared / "distributions.new").rename(folder)
    return {each.name: built(each, folder) for each in sources}
