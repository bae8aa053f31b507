"""Order routes by the user's preferences."""

from __future__ import annotations

from collections.abc import Iterable

from polyroute._internal.problems import Problems
from polyroute.errors import UsageError
from polyroute.plugins.loaded import Plugins
from polyroute.preferences import Preferences
from polyroute.types import CHEAPEST, DIRECT, ModelRef, Problem, Provider

_ALL = "See `polyroute status --all` or, if a plugin provides it, `polyroute plugins doctor`."


class Order:
    """The order in which routes are tried. Names in preferences are checked; unknown ones become problems."""

    def __init__(self, plugins: Plugins, preferences: Preferences) -> None:
        self.problems = Problems()
        self._plugins = plugins
        self._vias = (DIRECT, *plugins.gateways)
        self.order = tuple(filter(None, (self._via(name, "order") for name in preferences.order)))
        chosen = CHEAPEST if preferences.prefer == CHEAPEST else self._via(preferences.prefer, "prefer")
        self.preferred = chosen or plugins.default_preference
        self.pins = dict(self._pins(preferences))
        self.disabled = frozenset(self._disabled(preferences))
        self._known: dict[tuple[tuple[str, ...], bool, str], tuple[str, ...]] = {}

    def vias(self, provider: Provider, model_id: str = "") -> tuple[str, ...]:
        """Return `direct` and all gateways that carry `provider`, in order."""
        pin = self._pin(provider.id, model_id) if self.pins else ""
        carriers = self._plugins.carriers(provider.id)
        key = carriers, provider.kind == "host", pin
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._sorted(*key)
        return known

    def is_cheapest(self, provider: Provider, model_id: str) -> bool:
        """Return whether the user wants the routes to this model in the order of their price.

        A host still comes first unless it is asked for by a pin.
        """
        if self.order or (self.preferred != CHEAPEST and not self.pins):
            return False
        pin = self._pin(provider.id, model_id)
        return pin == CHEAPEST if pin else self.preferred == CHEAPEST and provider.kind != "host"

    def _pin(self, provider_id: str, model_id: str) -> str:
        return self.pins.get((provider_id, model_id)) or self.pins.get((provider_id, ""), "")

    def is_settled(self, ref: ModelRef) -> bool:
        """Return whether the user has set the first route for this model, or the order for all."""
        return bool(self.order) or tuple(ref) in self.pins

    @property
    def first(self) -> str:
        """`direct`, the ID of the gateway that is tried first for a provider without a pin, or `cheapest`."""
        first = self.order[0] if self.order else self.preferred
        return DIRECT if first in self.disabled else first

    def _sorted(self, carriers: tuple[str, ...], is_host: bool, pin: str) -> tuple[str, ...]:
        if self.order:
            first = self.order
        elif is_host:  # users choose a host for its price, speed and privacy
            first = (pin, DIRECT, self.preferred)
        else:
            first = (pin, self.preferred, DIRECT)
        default = (*first, DIRECT, self._plugins.default_preference, *carriers)
        return tuple(dict.fromkeys(via for via in default if via == DIRECT or via in carriers))

    def _pins(self, preferences: Preferences) -> Iterable[tuple[tuple[str, str], str]]:
        for target, name in preferences.pins.items():
            provider, model_id = ModelRef.parse(target)
            via = name if name == CHEAPEST else self._via(name, f"pins.{target}")
            if provider not in self._plugins.names:
                self._complain(f"pins.{target}", f"provider {provider!r} is not available", _ALL)
            elif via:
                yield (self._plugins.names[provider], model_id), via

    def _disabled(self, preferences: Preferences) -> Iterable[str]:
        """Yield the IDs of disabled providers."""
        for name in sorted(preferences.disabled_providers):
            if name in self._plugins.names:
                yield self._plugins.names[name]
            else:
                self._complain("disable_providers", f"provider {name!r} is not available", _ALL)

    def _via(self, name: str, key: str) -> str:
        """Return a route's name with the gateway's ID; if there is no such route, report a problem and return ""."""
        via = self._plugins.names.get(name, name)
        if name and via not in self._vias:
            self._complain(key, f"no route {name!r} is available", f"Routes are: {', '.join(self._vias)}.")
            return ""
        return via

    def _complain(self, key: str, fault: str, remedy: str) -> None:
        where = "(of the host, a POLYROUTE_ variable or config.toml)"
        message = f"preference {key!r} {where}: {fault}; the preference is kept, but has no effect now"
        self.problems.report(Problem(message, remedy, code="preference"))


def checked(via: str, target: str, plugins: Plugins) -> tuple[str, str]:
    """Return the route to prefer and the provider or model to pin to it, with IDs in place of aliases.

    An empty target stands for all providers. Raises UsageError or UnknownProvider.
    """
    routes = (DIRECT, CHEAPEST, *plugins.gateways)
    via = plugins.names.get(via, via)
    if via not in routes:
        raise _unknown_route(via, routes)
    if not target:
        return via, ""
    name, model_id = ModelRef.parse(target)
    if target == f"{name}/":
        raise UsageError(f"{target!r} lacks the model.", f"To pin the provider, write {name}.", [name])
    provider = plugins.find(name).id
    if via not in (DIRECT, CHEAPEST, *plugins.carriers(provider)):
        raise UsageError(f"{via} does not carry {provider}'s models.", f"See `polyroute explain {provider}`.")
    return via, str(ModelRef(provider, model_id)) if model_id else provider


def _unknown_route(via: str, routes: tuple[str, ...]) -> UsageError:
    from polyroute._internal.spelling import alike, did_you_mean

    others = alike(via, routes)
    remedy = did_you_mean(others, f"Routes are: {', '.join(routes)}.")
    return UsageError(f"There is no route {via!r}.", remedy, others)
