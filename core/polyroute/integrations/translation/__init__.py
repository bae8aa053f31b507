"""The translator: answers requests of one API from an endpoint that speaks another one.

It runs LiteLLM in a process of its own, which `polyroute.server` starts without keys or variables. All requests of
LiteLLM go to one address on this machine, where the pass-through sends them along the route.
"""

import importlib.util
from functools import cache

from polyroute.errors import MissingExtra

LIBRARY = "litellm"
"""The package that translates, in the extra `translate`."""

SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # otherwise it fetches a list of prices
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_LOG": "CRITICAL",
    "LITELLM_MODE": "PRODUCTION",  # otherwise it reads .env files
    "REPEATED_STREAMING_CHUNK_LIMIT": str(10**12),  # otherwise it ends a stream after 100 equal parts
}
"""The variables that its process gets, which make it read and fetch nothing."""


@cache
def is_installed() -> bool:
    """Return whether the library that translates is installed."""
    return importlib.util.find_spec(LIBRARY) is not None


def missing(model: object) -> MissingExtra:
    """Return the error for a model that could be run if the library were installed."""
    return MissingExtra(f"No route to {model} speaks the client's API. Translation of its requests", "translate")
