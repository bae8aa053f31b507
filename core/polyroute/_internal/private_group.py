"""Find out whether a group belongs to one user, as on systems that give each user a group with the user's name."""

import functools
import os

_ACL = "system.posix_acl_access"
"""The attribute in which Linux stores who else may use a file. With one, the group's bits are not the group's alone."""


def protects(path: str, group: int, user: int) -> bool:
    """Return whether nobody but `user` can write a file because `group` may.

    The rule is that of Debian's OpenSSH (`user-group-modes.patch`), with two conditions more: the group has the user's
    name, and the file has no access control list. What the user database does not list counts as somebody else.
    """
    return _only_user(group) == user and not _has_acl(path)


@functools.cache  # some user databases are slow, and a folder may hold thousands of files
def _only_user(group: int) -> int | None:
    from polyroute._internal import posix_process

    return posix_process.only_user(group)


def _has_acl(path: str) -> bool:
    try:
        return _ACL in os.listxattr(path)
    except AttributeError:  # not Linux: there a list does not change the mode
        return False
    except OSError:
        return True
