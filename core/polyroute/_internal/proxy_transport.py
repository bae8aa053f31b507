"""A transport of httpx2 that chooses the proxy of each request. Import it inside functions only: httpx2 is slow."""

from __future__ import annotations

import ssl

import httpx2

from polyroute._internal import proxies
from polyroute._internal.proxies import Proxy


class ProxyTransport(httpx2.AsyncBaseTransport):
    """Sends each request directly or by the proxy that `proxies.proxy_for` finds for it."""

    def __init__(self, limits: httpx2.Limits, verify: ssl.SSLContext | bool) -> None:
        self._limits, self._verify = limits, verify
        self._transports: dict[str, httpx2.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. An error on the way through a proxy has a note that names the proxy's variable."""
        proxy = proxies.proxy_for(str(request.url))
        try:
            return await self._by(proxy).handle_async_request(request)
        except httpx2.TransportError as error:
            if proxy is not None:
                error.add_note(f"by the proxy that {proxy.variable} names")
            raise

    def _by(self, proxy: Proxy | None) -> httpx2.AsyncHTTPTransport:
        url = proxy.url if proxy else ""
        if url not in self._transports:
            with proxies.usable(proxy):
                self._transports[url] = httpx2.AsyncHTTPTransport(
                    proxy=url or None, verify=self._verify, limits=self._limits, trust_env=False
                )
        return self._transports[url]

    async def aclose(self) -> None:
        """Close all connections."""
        for each in self._transports.values():
            await each.aclose()
