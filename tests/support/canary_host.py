"""A host program that embeds Polyroute's server and logs all that it can: `python canary_host.py LOG MODEL…`.

It prints what the errors of running these models look like, and then the server's URL.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
import traceback

import httpx2
import uvicorn

from polyroute import Catalog, Environment, Plugins, Route
from polyroute.server import PassThrough, create_app, process
from polyroute.server.connection import BoundedProtocol


def failure(catalog: Catalog, model: str) -> Exception:
    """Run a model, and return the error that its endpoint's refusal leads to."""

    def call(route: Route) -> None:
        target = catalog.environment.call(route)
        with httpx2.Client() as client:
            client.post(f"{target.base_url}/echo", headers=dict(target.headers)).raise_for_status()

    try:
        catalog.run(model, call, policy="auto")
    except Exception as error:
        return error
    raise AssertionError(f"{model} did not fail")


def texts(error: Exception) -> list[str]:
    """Return how an error and its attributes are shown."""
    attributes = [repr(value) for name, value in vars(error).items() if name != "error"]
    return [str(error), repr(error), *attributes, *traceback.format_exception(error)]


def main(log: str, *models: str) -> None:
    logging.basicConfig(level=1, filename=log, format="%(name)s %(levelname)s %(message)s")
    environment = Environment.load()
    catalog = Catalog.load(plugins=Plugins.load(environment=environment), environment=environment)
    print(json.dumps([texts(failure(catalog, model)) for model in models]), flush=True)
    app = create_app(token=os.environ["POLYROUTE_TOKEN"], pass_through=PassThrough("auto"))
    listening = process.listen("127.0.0.1", 0)
    print(json.dumps(process.url_of(listening, "127.0.0.1")), flush=True)
    protocol = functools.partial(BoundedProtocol, bounds=None)
    # No access log, as in `polyroute serve`: it would contain the queries of clients.
    config = uvicorn.Config(app, http=protocol, ws="none", log_level="debug", log_config=None, access_log=False)  # type: ignore[arg-type]
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
