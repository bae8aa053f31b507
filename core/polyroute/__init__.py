"""Which models can run with what is there, by which route, under which ID; and if not, why not.

>>> from polyroute import Catalog
>>> catalog = Catalog.load()
>>> route = catalog.resolve("PROVIDER/MODEL")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyroute.answers import Mapped, ProviderStatus, Route, Status
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
from polyroute.hookspecs import hookimpl
from polyroute.lists import FetchedList
from polyroute.logins import (
    Call,
    Credential,
    Detection,
    Probe,
    Secret,
    Source,
    Verification,
)
from polyroute.plugin import Plugin
from polyroute.plugins import Plugins
from polyroute.preferences import Preferences
from polyroute.types import (
    Alternative,
    AuthHeader,
    BaseUrlCase,
    CustomModelRules,
    FailureRule,
    Group,
    IdMapping,
    Mapper,
    Model,
    ModelRef,
    Preparing,
    Problem,
    Provider,
    Routeability,
    Slot,
    Suggester,
)

if TYPE_CHECKING:
    from polyroute.routing.explaining import Explanation, explain, suggestions
    from polyroute.validation.checking import validate
    from polyroute.verifying import verify

__version__ = "0.2.0"

__all__ = [
    "Alternative",
    "AuthHeader",
    "BaseUrlCase",
    "Call",
    "Catalog",
    "Credential",
    "CustomModelExists",
    "CustomModelRules",
    "Detection",
    "Environment",
    "Explanation",
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
    "Plugin",
    "Plugins",
    "PolyrouteError",
    "Preferences",
    "Preparing",
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
    "Unavailable",
    "UnknownCustomModel",
    "UnknownProvider",
    "UnsupportedRoute",
    "UsageError",
    "Verification",
    "WrongEndpoint",
    "explain",
    "hookimpl",
    "suggestions",
    "validate",
    "verify",
]


def __getattr__(name: str) -> object:
    """What is seldom wanted is imported on first use."""
    if name in ("Explanation", "explain", "suggestions"):
        from polyroute.routing.explaining import Explanation, explain, suggestions

        return {"Explanation": Explanation, "explain": explain, "suggestions": suggestions}[name]
    if name == "validate":
        from polyroute.validation.checking import validate

        return validate
    if name == "verify":
        from polyroute.verifying import verify

        return verify
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
