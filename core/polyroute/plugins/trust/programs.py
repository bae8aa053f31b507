"""Find the files outside its folder that a plugin runs, so that its approval covers them.

An approval covers each program that is run, each file that an argument names by its absolute path, the interpreters
that scripts name, and what a shell or a program such as `env` would find on the user's PATH. It can't cover what a
program opens by itself.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from polyroute._internal import files, platform
from polyroute._internal.paths import absolute_only
from polyroute.errors import UsageError
from polyroute.results import Commands

if TYPE_CHECKING:
    from polyroute.plugins.manifests.loader import Manifest

_PATH_IN_ARGUMENT = r"(?:^|(?<=[\s'\"=:,;(<>|&@]))(?:~|\$HOME|\$\{HOME\})?/[^\s'\"=:,;()<>|&$`]+|(?<=^-\w)/[^\s=:,;]+"
"""Matches a path that begins an argument or follows a separator (`--option=/path`, `PATH=/a:/b`, `. /path` for a
shell), or a short option (`-I/path`)."""
_WORD = r"[\w.+-]+"
_SHELLS = ("ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "sh", "tcsh", "zsh")
_WRAPPERS = ("chrt", "doas", "env", "flock", "ionice", "nice", "nohup", "script", "setsid", "stdbuf", "strace", "sudo")
_STARTS_OTHERS = {*_SHELLS, *_WRAPPERS, "taskset", "time", "timeout", "unshare", "watch", "xargs"}
"""Programs that run others, which they find on the PATH."""
_FIRST_LINE_BYTES = 512
_FILES = 100


class Unsafe(UsageError):
    """The files of a plugin, or a program that it runs, are not safe to use."""

    def __init__(self, why: str, remedy: str) -> None:
        self.why = why
        self.remedy = remedy
        super().__init__(f"{why}. {remedy}")


def resolved(manifest: "Manifest", search_path: str) -> Commands:
    """Return the paths of a manifest's commands on the user's PATH. Raises UsageError if one is missing."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(command[0] for command in manifest.description.commands):
        path = _on_path(name, search_path)
        if not path:
            raise UsageError(f"{manifest.name} runs {name!r} for its key, and there is no such program on your PATH.")
        found[name] = path
    return found


def outside_files(manifest: "Manifest", commands: Commands, search_path: str) -> list[str]:
    """Return the files outside its folder that a plugin runs or names; changing one changes the plugin.

    `search_path` is the PATH of its commands; executables have a fixed one, which is trusted as the system is. Raises
    Unsafe if an argument names a folder elsewhere: what is in it could change unseen.
    """
    found: dict[str, None] = {}
    if granted := manifest.description.executable:
        program, *arguments = granted.argv
        own = (os.path.join(manifest.folder, each[2:]) for each in granted.argv if each.startswith("./"))
        named = [*([program] if os.path.isabs(program) else []), *_named(arguments, manifest), *own]
        found |= dict.fromkeys(_with_interpreters(named, platform.SYSTEM_PATH))
    for name, *arguments in manifest.description.commands:
        program = commands.get(name, name)
        named = [*([program] if os.path.isabs(program) else []), *_named(arguments, manifest)]
        if os.path.basename(program) in _STARTS_OTHERS:
            named += filter(None, (_on_path(word, search_path) for word in _words(arguments)))
        found |= dict.fromkeys(_with_interpreters(named, search_path))
    return [path for path in found if not (manifest.has_folder and path.startswith(manifest.folder + os.sep))]


def _on_path(name: str, search_path: str) -> str:
    """Return the path of a program on the PATH, of which relative entries don't count; empty if there is none."""
    import shutil

    folders = absolute_only(search_path)
    found = shutil.which(name, path=folders) if folders or os.path.isabs(name) else None
    return os.path.abspath(found) if found else ""


def _words(arguments: Iterable[str]) -> Iterator[str]:
    for each in arguments:
        yield from re.findall(_WORD, each)


def _named(arguments: Iterable[str], manifest: "Manifest") -> Iterator[str]:
    """Yield the files that arguments name by their absolute paths. Raises Unsafe for a folder."""
    for path in (found for each in arguments for found in re.findall(_PATH_IN_ARGUMENT, each)):
        whole = os.path.expanduser(re.sub(r"^\$(HOME|\{HOME\})", "~", path))
        if os.path.isdir(whole) and not platform.is_within(whole, manifest.folder):
            remedy = "Name the file that is meant, or put the folder into the plugin's own."
            raise Unsafe(f"{manifest.name} names the folder {whole}, whose files could change unseen", remedy)
        if os.path.isfile(whole):
            yield whole


def _with_interpreters(paths: Iterable[str], search_path: str) -> Iterator[str]:
    """Yield files, and the interpreters that their first lines name unless the system has them in its own folders."""
    waiting, seen = list(paths), dict[str, None]()
    while waiting and len(seen) < _FILES:
        path = waiting.pop()
        if path not in seen:
            seen[path] = None
            words = _first_line(path)
            waiting += [each for each in _interpreters(words, search_path) if not _is_of_the_system(each)]
    yield from seen


def _interpreters(words: Sequence[str], search_path: str) -> Iterator[str]:
    yield from (word for word in words if os.path.isabs(word) and os.path.isfile(word))
    if words and os.path.basename(words[0]) == "env":
        named = (word for word in words[1:] if not word.startswith("-") and "=" not in word)
        yield from filter(None, [_on_path(next(named, ""), search_path)])


def _is_of_the_system(path: str) -> bool:
    return os.path.dirname(path) in platform.SYSTEM_PATH.split(os.pathsep)


def _first_line(path: str) -> list[str]:
    """Return the words of the first line of a script, after `#!`; empty for any other file."""
    try:
        first = files.beginning(path, _FIRST_LINE_BYTES).partition(b"\n")[0]
    except OSError:
        return []
    return os.fsdecode(first[2:]).split() if first.startswith(b"#!") else []
