"""Find out which models can run with the user's credentials, by which route, under which ID, and if not, why not.

>>> from polyroute import Catalog
>>> catalog = Catalog.load()
>>> route = catalog.resolve("PROVIDER/MODEL")
"""

from __future__ import annotations

import polyroute._internal.startup  # noqa: F401 - before everything that it concerns

# isort: split

from typing import TYPE_CHECKING

from polyroute._internal.version import __version__ as __version__
from polyroute.catalog import Catalog
from polyroute.environment import Environment
from polyroute.errors import (
    CustomModelExists,
    GatewayUnavailable,
    InsufficientCredits,
    InvalidCredential,
    InvalidModelReference,
    KeyBoundElsewhere,
    MissingExtra,
    MissingSecret,
    ModelNotOffered,
    NoEffectiveRoute,
    PolyrouteError,
    RouteFailed,
    SecretUnavailable,
    Unavailable,
    UnknownCustomModel,
    UnknownProvider,
    UnsupportedRoute,
    UsageError,
    WrongEndpoint,
)
from polyroute.lists.stored import FetchedList
from polyroute.plugins.loaded import Plugins
from polyroute.plugins.marker import hookimpl
from polyroute.preferences import Preferences
from polyroute.results import Mapped, Offer, Plugin, Price, ProviderStatus, Route, Status
from polyroute.types import (
    Address,
    Alternative,
    AuthHeader,
    BaseUrlCase,
    Call,
    CallRule,
    Credential,
    CustomModelRules,
    Detection,
    FailureRule,
    Group,
    IdMapping,
    Mapper,
    Model,
    ModelRef,
    Preparing,
    Probe,
    Problem,
    Provider,
    Routeability,
    Secret,
    Slot,
    Source,
    Suggester,
    Verification,
)

if TYPE_CHECKING:
    from polyroute.explanation import Explanation, explain, suggestions
    from polyroute.fallback.failures import Failure
    from polyroute.fallback.plan import Switch
    from polyroute.list_refresh import refresh
    from polyroute.validation.checks import validate
    from polyroute.verification import verify

__all__ = [
    "Address",
    "Alternative",
    "AuthHeader",
    "BaseUrlCase",
    "Call",
    "CallRule",
    "Catalog",
    "Credential",
    "CustomModelExists",
    "CustomModelRules",
    "Detection",
    "Environment",
    "Explanation",
    "Failure",
    "FailureRule",
    "FetchedList",
    "GatewayUnavailable",
    "Group",
    "IdMapping",
    "InsufficientCredits",
    "InvalidCredential",
    "InvalidModelReference",
    "KeyBoundElsewhere",
    "Mapped",
    "Mapper",
    "MissingExtra",
    "MissingSecret",
    "Model",
    "ModelNotOffered",
    "ModelRef",
    "NoEffectiveRoute",
    "Offer",
    "Plugin",
    "Plugins",
    "PolyrouteError",
    "Preferences",
    "Preparing",
    "Price",
    "Probe",
    "Problem",
    "Provider",
    "ProviderStatus",
    "Route",
    "RouteFailed",
    "Routeability",
    "Secret",
    "SecretUnavailable",
    "Slot",
    "Source",
    "Status",
    "Suggester",
    "Switch",
    "Unavailable",
    "UnknownCustomModel",
    "UnknownProvider",
    "UnsupportedRoute",
    "UsageError",
    "Verification",
    "WrongEndpoint",
    "explain",
    "hookimpl",
    "refresh",
    "suggestions",
    "validate",
    "verify",
]


_ON_FIRST_USE = {
    "Explanation": "polyroute.explanation",
    "Failure": "polyroute.fallback.failures",
    "Switch": "polyroute.fallback.plan",
    "explain": "polyroute.explanation",
    "refresh": "polyroute.list_refresh",
    "suggestions": "polyroute.explanation",
    "validate": "polyroute.validation.checks",
    "verify": "polyroute.verification",
}
"""Names imported on first use, because most programs don't need them and importing them slows down the start."""


def __getattr__(name: str) -> object:
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_ON_FIRST_USE[name]), name)
