r"""Check file names from archives, addresses and plugins by the same rules on every system.

A plain name on one system may lead elsewhere on another, or name a device: `C:x`, `..\x`, `nul.txt`. The rules for
Windows follow learn.microsoft.com/windows/win32/fileio/naming-a-file.
"""

from __future__ import annotations

import re

_DEVICES = r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\..*)?"


def parts(path: str) -> list[str]:
    r"""Return the names in a relative path, separated by `/` or, as on Windows, by `\`."""
    return path.replace("\\", "/").split("/")


def fault(path: str) -> str:
    """Return why `path` can't be a file or the name of a plugin, or an empty string."""
    names = parts(path)
    if ".." in names or names[0] == "" or any(":" in name for name in names):
        return "it leads out of the plugin's folder"
    if re.search(r"[\x00-\x1f\x7f]", path):
        return "it contains a control character"
    for name in names:
        if re.fullmatch(_DEVICES, name, re.IGNORECASE) or (name != "." and name.endswith((".", " "))):
            return f"{name!r} can't be the name of a file on Windows"
    return ""
