r"""Names that archives, addresses and plugins give to files, judged alike on every system.

What is a plain name on one system leads elsewhere on another, or is no file there: `C:x`, `..\x`, `nul.txt`. The rules
for Windows are those of learn.microsoft.com/windows/win32/fileio/naming-a-file.
"""

from __future__ import annotations

import re

_DEVICES = r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\..*)?"


def parts(path: str) -> list[str]:
    r"""The names in a relative path that is written with `/`, or with `\` as Windows does."""
    return path.replace("\\", "/").split("/")


def fault(path: str) -> str:
    """Why a plugin can't have a file at `path`, or a name that is `path`; empty where it can."""
    names = parts(path)
    if ".." in names or names[0] == "" or any(":" in name for name in names):
        return "it leads out of the plugin's folder"
    for name in names:
        if re.fullmatch(_DEVICES, name, re.IGNORECASE) or (name != "." and name.endswith((".", " "))):
            return f"{name!r} can't be the name of a file on Windows"
    return ""
