"""The environment of a user of an organisation's server, with what the organisation gives to all users."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from polyroute._internal import files
from polyroute._internal.redact import without_ends
from polyroute.environment import ORGANISATION, PROCESS, Environment, SecretReader
from polyroute.types import Credential, Secret
from polyroute.types.policies import KeyPlace, OrganisationPolicy

_LONGEST = 65_536
"""The most bytes of a file with a key."""
_NOTHING: Mapping[str, str] = MappingProxyType({})


class MemberEnvironment(Environment):
    """A user's environment, and a last layer of the organisation's keys and settings.

    The keys are read at the moment of use, and shown to nobody: no variable has their value.
    """

    __slots__ = ("_base", "_given", "_policy", "_variables")

    def __init__(self, base: Environment, policy: OrganisationPolicy, variables: Mapping[str, str] = _NOTHING) -> None:
        """`base` is the user's environment, `variables` are those of the process that hold the organisation's keys."""
        _copy(base, self)
        self._base, self._policy, self._variables = base, policy, variables
        self._given: set[str] = set()
        held = {variables.get(each.variable, "").strip() for each in policy.keys.values()}
        found = {name: _without(held, layers) for name, layers in base._values.items()}
        self._values = {name: layers for name, layers in found.items() if layers}
        for name, value in {**policy.settings, **dict.fromkeys(policy.keys, "")}.items():
            self._values.setdefault(name, {})[ORGANISATION] = value.strip()

    @property
    def policy(self) -> OrganisationPolicy:
        """The policy of the organisation."""
        return self._policy

    @property
    def own(self) -> Environment:
        """The user's environment without what the organisation gives."""
        return self._base

    def again(self) -> MemberEnvironment:
        """Return a new environment that reads the user's sources again."""
        return MemberEnvironment(self._base.again(), self._policy, self._variables)

    def with_secret_reader(self, reader: SecretReader) -> MemberEnvironment:
        """Return this environment bound to `reader`, which reads the secrets that plugins own."""
        bound = super().with_secret_reader(reader)
        assert isinstance(bound, MemberEnvironment)  # noqa: S101 - it has the class of this one
        bound._base, bound._policy, bound._variables = self._base, self._policy, self._variables
        bound._given = self._given
        return bound

    def without_secrets(self, text: str) -> str:
        """Return `text` with all revealed secrets masked; of the organisation's, also the last characters alone."""
        return without_ends(super().without_secrets(text), self._given)

    def _secret(self, credential: Credential) -> Secret:
        source = credential.source
        place = self._policy.keys.get(source.name) if source and source.layer == ORGANISATION else None
        if place is None or (source and source.path):
            return super()._secret(credential)
        value = key_in(place, self._variables)
        self._given.add(value)
        return Secret(value, reason="" if value else "the organisation's key is not there", remedy=self._policy.remedy)


def key_in(place: KeyPlace, variables: Mapping[str, str]) -> str:
    """Return the key in a variable or in a file now; empty if it is not there."""
    if place.variable:
        return variables.get(place.variable, "").strip()
    try:
        return files.read_text(place.file, _LONGEST).strip()
    except (OSError, ValueError):
        return ""


def _without(held: Collection[str], layers: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a variable by layer, without one of the process that is a key of the organisation."""
    return {layer: value for layer, value in layers.items() if layer != PROCESS or value not in held}


def _copy(base: Environment, into: Environment) -> None:
    for name in {*Environment.__slots__} - {"__weakref__"}:
        setattr(into, name, getattr(base, name))
