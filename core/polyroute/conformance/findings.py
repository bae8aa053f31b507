"""What a check of a plugin has to say."""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "advice"]


class Finding(NamedTuple):
    """One finding of a check."""

    code: str
    """A short name that stays the same in every version, such as `base-url-missing`."""
    severity: Severity
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.severity}: {self.message} [{self.code}] {self.remedy}".rstrip()


def passes(findings: list[Finding]) -> bool:
    """Return whether no finding is an error."""
    return all(each.severity != "error" for each in findings)
