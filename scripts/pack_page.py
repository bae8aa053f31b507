"""Pack the libraries and pictures that the page uses into its folder of assets, from pinned packages of npm.

Usage: python scripts/pack_page.py (needs node and npm)

The packed files are committed, so that neither installing nor serving the page needs npm. Their hashes are in
`packed.json`, beside the packages that they were made from; a test compares them.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
FOLDER = _HERE.parent / "core/polyroute/server/page/assets"
SOURCES: Mapping[str, Any] = tomllib.loads(_HERE.joinpath("page_sources.toml").read_text(encoding="utf-8"))
_MARKS = "@lobehub/icons-static-svg/icons"
_LIBRARY = """\
export { Fragment, h, render } from "preact";
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { h } from "preact";
import htm from "htm";
export const html = htm.bind(h);
"""


def main() -> None:
    """Install the packages in a temporary folder, and pack them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = [f"{package}@{version}" for package, version in SOURCES["packages"].items()]
        _run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", *wanted], folder)
        _pack(folder / "node_modules")
        _record(json.loads((folder / "package-lock.json").read_text())["packages"])


def _pack(modules: Path) -> None:
    _write("preact.js", _bundled(modules))
    icons = _outlines(modules, "lucide-static/icons", {name: name for name in SOURCES["icons"]})
    _write("pictures.js", _module(icons=icons, marks=_outlines(modules, _MARKS, SOURCES["marks"]["first"])))
    _write("more-marks.js", _module(marks=_outlines(modules, _MARKS, SOURCES["marks"]["later"])))
    _write("LICENSES.txt", _licences(modules))


def _bundled(modules: Path) -> str:
    """Return Preact, its hooks and htm as one module."""
    (modules / "page.js").write_text(_LIBRARY, encoding="utf-8")
    command = [
        "node",
        "esbuild/bin/esbuild",
        "page.js",
        "--bundle",
        "--minify",
        "--format=esm",
        "--legal-comments=none",
    ]
    return _run(command, modules)


def _outlines(modules: Path, folder: str, names: Mapping[str, str]) -> Mapping[str, str]:
    """Return the outline of each picture as one path of 24 by 24."""
    pictures = {name: (modules / folder / f"{icon}.svg").read_text(encoding="utf-8") for name, icon in names.items()}
    (modules / "outlines.mjs").write_text(_HERE.joinpath("outlines.mjs").read_text(encoding="utf-8"), encoding="utf-8")
    (modules / "pictures.json").write_text(json.dumps(pictures), encoding="utf-8")
    outlines = json.loads(_run(["node", "outlines.mjs", "pictures.json"], modules))
    return {name: outlines[name] for name in names}


def _module(**kinds: Mapping[str, str]) -> str:
    """Return a module that exports the outlines of each kind."""
    exported = (f"export const {kind} = {json.dumps(outlines, indent=2)};\n" for kind, outlines in kinds.items())
    return "".join(["// Made by scripts/pack_page.py.\n", *exported])


def _licences(modules: Path) -> str:
    """Return the licences of what is packed, and what is said of the marks."""
    texts = []
    for package in SOURCES["licences"]:
        found = next((each for each in sorted((modules / package).glob("LICEN[CS]E*"))), None)
        text = found.read_text(encoding="utf-8") if found else SOURCES["licences"][package]
        version = json.loads((modules / package / "package.json").read_text(encoding="utf-8"))["version"]
        texts.append(f"{package} {version}\n\n{text.strip()}\n")
    return "\n---\n\n".join([SOURCES["notice"], *texts])


def _write(name: str, text: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_text(text, encoding="utf-8")


def _record(locked: Mapping[str, Any]) -> None:
    """Write down which packages were packed, and the hashes of the result."""
    packages = {
        name: {"version": version, "integrity": locked[f"node_modules/{name}"]["integrity"]}
        for name, version in SOURCES["packages"].items()
    }
    files = sorted(each for each in FOLDER.iterdir() if each.name != "packed.json")
    hashes = {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in files}
    _write("packed.json", json.dumps({"packages": packages, "sha256": hashes}, indent=2) + "\n")


def _run(command: list[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout  # noqa: S603


if __name__ == "__main__":
    main()
