"""Fill in what a client needs: variables, arguments and files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from polyroute._internal import files
from polyroute.clients.table import ClientEntry, HomeCopy
from polyroute.errors import Unavailable
from polyroute.named_tuples import NamedTuple

_PLACEHOLDER = re.compile(r"\{(url|token|model|small|models|folder)\}")
_NO_PROXY = ("NO_PROXY", "no_proxy")
_LOOPBACK = ("127.0.0.1", "localhost")


class Values(NamedTuple):
    """What the placeholders in the table stand for."""

    url: str
    token: str
    model: str
    small: str
    models: str = "{}"
    """A JSON object."""
    folder: str = ""

    def fill(self, text: str) -> str:
        """Return a text with the placeholders filled in; what is filled in is not searched again."""
        return _PLACEHOLDER.sub(lambda found: str(getattr(self, found[1])), text)


def arguments(client: ClientEntry, values: Values, further: Sequence[str] = ()) -> list[str]:
    """Return the arguments of the client's program."""
    return [*map(values.fill, client.args), *further]


def variables(client: ClientEntry, values: Values, own: Mapping[str, str], keys: set[str]) -> dict[str, str]:
    """Return the variables for the client: the user's `own` without `keys`, and those that the client needs.

    A proxy is not used for requests to the server.
    """
    removed = {*keys, *client.unset, "POLYROUTE_TOKEN"}
    kept = {name: value for name, value in own.items() if name not in removed}
    direct = {name: _with_loopback(own.get(name, "")) for name in _NO_PROXY}
    return {**kept, **direct, **{name: values.fill(text) for name, text in client.env.items()}}


def _with_loopback(hosts: str) -> str:
    return ",".join(filter(None, [hosts, *(each for each in _LOOPBACK if each not in hosts.split(","))]))


def write_files(client: ClientEntry, values: Values, home: str) -> None:
    """Write the client's files into the folder of `values`. Raises Unavailable if that is not possible."""
    try:
        for name, text in client.files.items():
            _write(os.path.join(values.folder, name), values.fill(text).lstrip("\n"))
        if client.home is not None:
            _copy_home(client.home, home, values.folder)
    except OSError as error:
        reason = error.strerror or error
        raise Unavailable(f"The files that {client.name} needs can't be written: {reason}.") from None


def _copy_home(rule: HomeCopy, home: str, folder: str) -> None:
    """Make a folder with links to what is in the user's, and with one file that is the user's and ours merged."""
    own, copy = os.path.join(home, rule.of), os.path.join(folder, rule.of)
    os.makedirs(copy, mode=0o700)
    for name in os.listdir(own) if os.path.isdir(own) else ():
        if name != rule.merge:
            os.symlink(os.path.join(own, name), os.path.join(copy, name))
    merged = _merged(_document(os.path.join(own, rule.merge)), rule.document)
    _write(os.path.join(copy, rule.merge), json.dumps(merged, indent=2))


def _document(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):  # it does not exist, or the client reports it
        return {}


def _merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, Mapping):
        return {**below, **{name: _merged(below.get(name), value) for name, value in above.items()}}
    return above


def _write(path: str, text: str) -> None:
    files.replace(path, text.encode(), mode=0o600)
