"""boto3, for the Converse protocol: `pip install 'polyroute[boto3]'`.

>>> client, model_id = polyroute.integrations.boto3.client(catalog, "PROVIDER/MODEL")
>>> client.converse(modelId=model_id, messages=[...])
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from polyroute._internal import certificates, proxies
from polyroute.base_url import origin_of
from polyroute.catalog import Catalog
from polyroute.errors import MissingExtra, Unavailable
from polyroute.integrations.guard import Guard
from polyroute.integrations.route_choice import Target, choose_route

try:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config
except ImportError:
    raise MissingExtra("polyroute.integrations.boto3", "boto3") from None

CONVERSE = "bedrock-converse"
_SERVICE = "bedrock-runtime"


def client(catalog: Catalog, target: Target, **options: Any) -> tuple[Any, str]:
    """Return a client for the route to a model, and the model's ID at its endpoint.

    An API key is sent as the route specifies. A cloud identity is found by boto3's own rules in the variables and files
    of this process; `options`, additional arguments of `boto3.client`, can select another one. Raises NoEffectiveRoute
    if no usable route speaks `bedrock-converse`, UnsupportedRoute if the given route does not, and UsageError if it is
    not usable; Unavailable, naming the variable, if the process's proxy or CA certificates can't be used.
    """
    route, model_id = choose_route(catalog, target, (CONVERSE,))
    has_key = route.credential is not None and route.credential.kind != "cloud-identity"
    guard = Guard(route, catalog.environment) if has_key else None
    url = guard.route.base_url if guard else route.base_url
    network = _network(url).merge(options.pop("config", Config()))
    arguments = {"endpoint_url": url, **_region(url), "config": network, **options}
    if guard is None:
        return boto3.client(_SERVICE, **arguments), model_id
    unsigned = Config(signature_version=UNSIGNED).merge(arguments.pop("config"))
    made = boto3.client(_SERVICE, config=unsigned, **arguments)

    def prepared(request: Any, **_: Any) -> None:
        guard.renewed().apply(origin_of(request.url), request.headers)

    made.meta.events.register("before-send", prepared)
    return made, model_id


def _network(url: str) -> Config:
    """Return the proxy for `url`, which botocore would otherwise choose by rules of its own."""
    certificates.context()
    proxy = proxies.proxy_for(url)
    if proxy is not None and proxy.is_socks:
        raise Unavailable(f"boto3 supports no SOCKS proxy, and {proxy.variable} names one.", "Set HTTPS_PROXY instead.")
    return Config(proxies={urlsplit(url).scheme: proxy.url} if proxy else {})


def _region(base_url: str) -> dict[str, str]:
    """Return the region in a host such as `service.REGION.domain.tld`; for other hosts, boto3's own rules apply."""
    labels = (urlsplit(base_url).hostname or "").split(".")
    return {"region_name": labels[1]} if len(labels) > 3 and labels[0] == _SERVICE else {}
