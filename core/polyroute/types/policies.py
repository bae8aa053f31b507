"""The policy of an organisation: what it decides for all users of its server."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from polyroute.named_tuples import NamedTuple
from polyroute.types.constraints import Least, Text

_NOTHING: Mapping[str, str] = MappingProxyType({})
Some = Annotated[tuple[Text, ...], Least(1)]
_OF_ROUTES = ("prefer", "order", "pins")
"""The preferences that decide the order of routes together, so that they are locked together."""


class KeyPlace(NamedTuple):
    """Where a key of the organisation is: in a variable of the server's process, or in a file."""

    variable: str = ""
    file: str = ""
    """The path of a file with nothing but the key, such as a mounted secret. It is read at each use."""

    def inconsistency(self) -> str:
        """Return why the two don't go together; empty if they do."""
        return "" if bool(self.variable) != bool(self.file) else "should have either `variable` or `file`"


class LockedPreferences(NamedTuple):
    """Preferences that no user can change, by the names that they have in `config.toml`."""

    prefer: str = ""
    order: tuple[Text, ...] = ()
    pins: Mapping[Text, Text] = _NOTHING
    disable_providers: tuple[Text, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all preferences that are locked. The order of routes is locked as a whole."""
        routes = _OF_ROUTES if self.prefer or self.order or self.pins else ()
        return (*routes, *(("disable_providers",) if self.disable_providers is not None else ()))


class OrganisationPolicy(NamedTuple):
    """What an organisation decides for all users of its server. In patterns, `*` stands for any characters."""

    contact: Text
    """Whom or what to ask for an exception: an address, a channel, the address of a page."""
    allowed_providers: Some = ()
    """Patterns of the providers and gateways to which requests may go; empty if they may go to all."""
    allowed_models: Some = ()
    """Patterns of `provider/model`; empty if all models are allowed. A model that a gateway or a host offers is allowed
    also if its maker's is."""
    allowed_hosts: tuple[Text, ...] | None = None
    """Patterns of hosts, with a port or for any port, that users may set as addresses of their own. None if all are
    allowed to the only user of a server; to many users of one server, none is."""
    preferences: LockedPreferences = LockedPreferences()
    keys: Mapping[Text, KeyPlace] = MappingProxyType({})
    """The organisation's keys, by the variable that providers read."""
    settings: Mapping[Text, Text] = _NOTHING
    """What else providers read, and is no secret, by variable."""

    @property
    def remedy(self) -> str:
        """What a user can do about what is not allowed."""
        return f"To have it allowed, ask {self.contact}."

    @property
    def for_many(self) -> "OrganisationPolicy":
        """Return it for a server with many users, who set no address of their own unless the policy says which."""
        return self._replace(allowed_hosts=self.allowed_hosts or ())
