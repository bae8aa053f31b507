"""Made-up plugins of any size, as plugin objects of a host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from polyroute import (
    Alternative,
    Environment,
    Group,
    IdMapping,
    Mapper,
    Model,
    ModelRef,
    Provider,
    Routeability,
    Slot,
    hookimpl,
)
from polyroute.types import ProviderKind

GATEWAY = "gateway"


class Vendors:
    """A plugin with vendors that have the same number of models each, and a preferred gateway that carries them all."""

    def __init__(self, vendors: int, models_each: int = 0) -> None:
        self._vendors = [f"vendor-{index}" for index in range(vendors)]
        self._models_each = models_each
        self.offered = frozenset(self.references())

    def references(self) -> Iterator[str]:
        """Yield the reference of every model."""
        return (f"{vendor}/model-{index}" for vendor in self._vendors for index in range(self._models_each))

    @hookimpl
    def polyroute_providers(self) -> Iterable[Provider]:
        """Return all vendors and the gateway."""
        yield provider(GATEWAY, "gateway")
        for vendor in self._vendors:
            yield provider(vendor, "vendor")

    @hookimpl
    def polyroute_routeability(self) -> Iterable[Routeability]:
        """Return the rule that the gateway carries every vendor."""
        yield Routeability(GATEWAY, frozenset(self._vendors), preferred=True)

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str]) -> Iterable[Model]:
        """Return the vendors' models."""
        for vendor in provider_ids.intersection(self._vendors):
            for index in range(self._models_each):
                yield Model(vendor, f"model-{index}", context=128_000)

    @hookimpl
    def polyroute_model_ids(self) -> Mapping[str, Mapper]:
        """Return the gateway's mapper."""
        return {GATEWAY: _Mapper(self.offered)}


class Single:
    """A plugin with one provider that detects credentials."""

    def __init__(self, index: int) -> None:
        self.__name__ = f"single-{index}"

    @hookimpl
    def polyroute_providers(self) -> Iterable[Provider]:
        """Return the provider."""
        yield provider(self.__name__, "host")

    @hookimpl
    def polyroute_credentials(self, environment: Environment) -> None:
        """Find no login."""
        environment.setting(variable(self.__name__))


class _Mapper:
    def __init__(self, offered: frozenset[str]) -> None:
        self._offered = offered

    def lookup(self, model: ModelRef, /) -> IdMapping:
        spelled = f"{model.provider}/{model.id}"
        known = spelled in self._offered
        return IdMapping(spelled, "listed") if known else IdMapping(None, "unknown", f"{spelled} is in no list")

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        return ModelRef(*gateway_id.split("/", 1)) if gateway_id in self._offered else None


def provider(name: str, kind: ProviderKind) -> Provider:
    """Return a provider whose key is in its own variable."""
    key = Slot("key", (Alternative(variable(name)),), secret=True)
    return Provider(name, name.title(), kind, (Group((key,)),), f"https://{name}.example/v1")


def variable(name: str) -> str:
    """Return the variable of a provider's key."""
    return f"{name.upper().replace('-', '_')}_API_KEY"
