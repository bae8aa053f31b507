"""The executable of Acme, put into a user's plugin folder and approved."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.support.manifests import User

ACME = Path(__file__).parent / "executables" / "acme.py"
MANIFEST = f"""
version = "1.0"
methods = ["detect", "models", "map", "secret", "verify"]

[executable]
argv = ["{sys.executable}", "-I", "-S", "./acme.py"]
variables = ["ACME_API_KEY", "ACME_LOGIN"]
hosts = ["api.acme.example", "login.acme.example"]
"""


def acme(user: User, name: str = "acme", manifest: str = MANIFEST, **config: Any) -> Path:
    """Put the executable into the plugin folder and approve it."""
    folder = user.put(name, manifest)
    shutil.copyfile(ACME, folder / "acme.py")
    configure(user, name, **config)
    user.approve(folder)
    return folder


def configure(user: User, name: str = "acme", **config: Any) -> None:
    """Configure how it responds from now on."""
    (user.home / f"{name}.json").write_text(json.dumps({"log": str(user.home / f"{name}.log"), **config}))
