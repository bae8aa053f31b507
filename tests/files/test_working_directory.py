"""Nothing is loaded from the working directory, where somebody else's files may be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.distributions import Site
from tests.support.shell import POLYROUTE

pytestmark = pytest.mark.slow

MODULE = (sys.executable, "-m", "polyroute")
WAYS = {
    "the module": (MODULE, None),
    "the module, with options": ((sys.executable, "-X", "importtime", "-um", "polyroute"), None),
    "the command": ((POLYROUTE,), None),
    "an empty part of PYTHONPATH": ((POLYROUTE,), ":"),
    "a part of PYTHONPATH at its end": ((POLYROUTE,), "/nonexistent:"),
    "a relative part of PYTHONPATH": ((POLYROUTE,), "."),
    "the module and a relative part of PYTHONPATH": (MODULE, "below/.."),
}
"""How the command is started, and PYTHONPATH."""
EVIL = "import os\nopen(os.path.join(os.path.dirname(__file__), 'loaded'), 'a').write(__name__ + '\\n')\n"


@pytest.fixture
def project(tmp_path: Path) -> Site:
    """Provide a folder with a distribution of its own, with modules that Polyroute imports, and with approvals."""
    site = Site(tmp_path / "project")
    site.install("evil", "evil", EVIL)
    for name in ("pluggy", "json", "typing", "argparse", "polyroute_direct", "platformdirs"):
        (site.folder / f"{name}.py").write_text(EVIL, encoding="utf-8")  # `Site.module` would forget this process's own
    (site.folder / "below").mkdir()
    return site


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_imported_from_the_working_directory(way: str, project: Site, tmp_path: Path) -> None:
    """However the command is started, neither modules nor entry points in the working directory are loaded."""
    command, path = WAYS[way]
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **({"PYTHONPATH": path} if path else {})}
    done = subprocess.run(
        [*command, "plugins"], env=own, cwd=project.folder, capture_output=True, text=True, check=True
    )
    loaded = project.folder / "loaded"
    assert not loaded.exists(), loaded.read_text()
    assert "direct" in done.stdout
    assert "evil" not in done.stdout


def test_an_absolute_part_of_pythonpath_is_the_users(project: Site, tmp_path: Path) -> None:
    """A folder that PYTHONPATH names in full is used, also while it is the working directory."""
    for name in ("pluggy", "json", "typing", "argparse", "polyroute_direct", "platformdirs"):
        (project.folder / f"{name}.py").unlink()
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": f"{project.folder}:"}
    subprocess.run([POLYROUTE, "plugins"], env=own, cwd=project.folder, capture_output=True, check=True)
    assert (project.folder / "loaded").read_text() == "evil_evil\n"
