"""Users of one process, each with a value of their own, and plugins of every kind that hand that value back."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from polyroute import (
    Catalog,
    Credential,
    Detection,
    Environment,
    IdMapping,
    Mapper,
    Model,
    ModelRef,
    Plugins,
    Provider,
    Routeability,
    Secret,
    Source,
    Verification,
    hookimpl,
    verify,
)
from tests.support.distributions import BUNDLED
from tests.support.fake_endpoint import Upstream
from tests.support.manifests import User, manifest

PROGRAM = """\
import json, os, sys

user = os.environ.get("EXE_VALUE", "")
providers = {"exe": {"kind": "gateway", "base_url": "@URL@", "routeability": {"offered": ["exe-maker"]}}}


def answer(method, params):
    if method == "describe":
        return {"protocol": 1, "version": "1.0", "providers": providers, "features": ["persistent"]}
    if method == "detect":
        if "EXE_VALUE" not in params["env_present"]:
            error = {"code": -32002, "message": "not logged in", "remedy": "Run: exe login."}
            return {"errors": {"exe": error}, "ttl_s": 600}
        return {"providers": {"exe": {"ref": "login of " + os.environ.get("EXE_ORG", "")}}, "ttl_s": 600}
    if method == "models":
        return {"providers": {"exe": ["model-" + user]}, "ttl_s": 600}
    if method == "map":
        return {"models": [{**each, "gateway_id": user + "/" + each["id"]} for each in params["models"]]}
    if method == "secret":
        return {"secret": "exe-" + user, "ttl_s": 600, "headers": {"x-exe": user}}
    return {"providers": {name: {"state": "valid", "message": "seen as " + user[::-1]} for name in params["refs"]}}


for line in sys.stdin:
    request = json.loads(line)
    result = answer(request["method"], request["params"])
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
"""
EXECUTABLE = """\
version = "1.0"
methods = ["detect", "models", "map", "secret", "verify"]

[executable]
argv = @ARGV@
variables = ["EXE_VALUE", "EXE_ORG"]
settings = ["EXE_ORG"]
hosts = ["@HOST@"]
"""
MANIFEST = """\
[providers.by-variable]
base_url = "@URL@"
headers = { x-org = "${org}" }
slots.key = { from = ["MANIFEST_KEY"], secret = true }
slots.org = { from = ["MANIFEST_ORG"], check = "slug" }
verify = { path = "/balance" }

[providers.by-file]
base_url = "@URL@"
slots.key = { from = [{ file = "~/.manifest/token.json", json_field = "the.token" }], secret = true }

[providers.by-command]
base_url = "@URL@"

[providers.by-command.slots.key]
secret = true
from = [{ command = ["@COMMAND@"], variables = ["COMMAND_VALUE"], json_field = "token", expires_field = "until" }]
"""
COMMAND = """\
#!/bin/sh
printf '{"token": "command-%s", "until": 4000000000}\\n' "$COMMAND_VALUE"
"""
PROVIDERS = ("py", "by-variable", "by-file", "by-command", "exe")
_VALUE = r"value-of-[a-z]+-\d+"


class Member(NamedTuple):
    """A user, and the turn that determines their current values."""

    name: str
    home: Path
    turn: int = 0

    @property
    def value(self) -> str:
        """Return the value that only this user has, in this turn."""
        return f"value-of-{self.name}-{self.turn}"

    @property
    def variables(self) -> dict[str, str]:
        """Return the variables that each kind of plugin reads."""
        return {
            "PY_VALUE": self.value,
            "MANIFEST_KEY": f"variable-{self.value}",
            "MANIFEST_ORG": self.value,
            "COMMAND_VALUE": self.value,
            "EXE_VALUE": self.value,
            "EXE_ORG": self.value,
        }

    def settle(self) -> None:
        """Write this user's files with the values of this turn, so that a reload finds them."""
        dotenv, token = self.home / ".dexto" / ".env", self.home / ".manifest" / "token.json"
        for path in (dotenv, token):
            path.parent.mkdir(parents=True, exist_ok=True)
        dotenv.write_text("".join(f"{name}={value}\n" for name, value in self.variables.items()))
        dotenv.chmod(0o600)
        token.write_text(json.dumps({"the": {"token": f"file-{self.value}"}}))

    def environment(self) -> Environment:
        """Return the user's environment, whose variables are in a file that may change."""
        return Environment({"POLYROUTE_HOME": str(self.home / "polyroute")}, home=self.home)

    @property
    def secrets(self) -> dict[str, str]:
        """Return the expected secret of each provider."""
        return {
            "py": f"py-{self.value}",
            "by-variable": f"variable-{self.value}",
            "by-file": f"file-{self.value}",
            "by-command": f"command-{self.value}",
            "exe": f"exe-{self.value}",
        }


class PyMapper:
    """A mapper for one user."""

    def __init__(self, value: str) -> None:
        self.value = value

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """Return an ID that contains the user's value."""
        return IdMapping(f"{self.value}/{model.id}", "listed", "in the user's list")

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """Return None, since no ID is certain."""
        return None


class Py:
    """A plugin in Python whose results contain the value of the current user."""

    def __init__(self, url: str = "https://py.example/v1") -> None:
        self.url = url

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return a gateway."""
        return [Provider("py", "Py", "gateway", base_url=self.url)]

    @hookimpl
    def polyroute_routeability(self) -> list[Routeability]:
        """Return a rule that carries no existing provider."""
        return [Routeability("py", frozenset({"py-maker"}))]

    @hookimpl
    def polyroute_credentials(self, environment: Environment) -> list[Detection]:
        """Return a login if the user has a value."""
        value = environment.setting("PY_VALUE")
        if value is None:
            return [Detection("py", reason="not logged in", remedy="Run: py login.")]
        return [Detection("py", "oauth-token", Source("plugin", f"login of {value}"))]

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str], environment: Environment) -> list[Model]:
        """Return the models that the user has deployed."""
        return [Model("py", f"model-{environment.setting('PY_VALUE')}")] if "py" in provider_ids else []

    @hookimpl
    def polyroute_model_ids(self, environment: Environment) -> Mapping[str, Mapper]:
        """Return a mapper for the user's account."""
        return {"py": PyMapper(environment.setting("PY_VALUE") or "")}

    @hookimpl
    def polyroute_secrets(self, credential: Credential, environment: Environment) -> Secret:
        """Return the user's token, with a header that belongs to it."""
        value = environment.setting("PY_VALUE") or ""
        return Secret(f"py-{value}", time.time() + 3600, (("x-py", value),))

    @hookimpl
    def polyroute_verifications(
        self, credentials: tuple[Credential, ...], environment: Environment
    ) -> list[Verification]:
        """Report that this user's key works."""
        return [Verification("py", "valid", f"seen as {(environment.setting('PY_VALUE') or '')[::-1]}")]


class World:
    """One process with one `Plugins.load()`: plugins of all three kinds, all called at one endpoint on this machine."""

    def __init__(self, base: Path, upstream: Upstream) -> None:
        self.base = base
        self.upstream = upstream
        upstream.documents["/balance"] = {}
        host = User(base / "host")
        command = base / "command"
        command.write_text(COMMAND)
        command.chmod(0o755)
        told = {"URL": upstream.url, "COMMAND": str(command), "HOST": upstream.url.split("/")[2]}
        told["ARGV"] = json.dumps([sys.executable, "-I", "-S", "./run.py"])
        for name, files in {"manifest": (MANIFEST, ""), "exe": (EXECUTABLE, PROGRAM)}.items():
            said, program = (_filled(text, told) for text in files)
            host.approve(host.put(name, said, run_py=program))
            assert manifest(host.folder / name).fault == ""
        self.plugins = Plugins.load(
            [Py(upstream.url)], only=[*BUNDLED, "manifest", "exe"], environment=host.environment()
        )

    def user(self, name: str) -> Member:
        """Return a user with a home of their own."""
        user = Member(name, self.base / "homes" / name)
        user.settle()
        return user

    def catalog(self, user: Member) -> Catalog:
        """Return the catalog of one user."""
        return Catalog(self.plugins, user.environment())


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def credential(catalog: Catalog, provider: str) -> Credential:
    """Return the credential of a provider's own route."""
    (found,) = [route.credential for route in catalog.provider(provider).routes if route.via == "direct"]
    assert found is not None
    return found


def secrets(catalog: Catalog) -> dict[str, str]:
    """Return the secret of each provider."""
    return {name: catalog.environment.reveal(credential(catalog, name)) for name in PROVIDERS}


def models(catalog: Catalog) -> set[str]:
    """Return the models that only this user has."""
    return {model.id for name in ("py", "exe") for model in catalog.models(provider=name)}


def mapped(catalog: Catalog) -> set[str | None]:
    """Return the gateways' IDs of a model for the user."""
    return {catalog.mapping(name, ModelRef("anthropic", "x")).id for name in ("py", "exe")}


def verified(catalog: Catalog) -> list[tuple[str, str, str]]:
    """Return provider, state and message of each verification."""
    return [(each.provider, each.state, each.message) for each in verify(catalog, ["py", "exe", "by-variable"])]


def headers(catalog: Catalog) -> dict[str, dict[str, str]]:
    """Return the headers with which each provider's own route is called."""
    routes = {name: catalog.provider(name).routes for name in PROVIDERS}
    own = {name: next(route for route in each if route.via == "direct") for name, each in routes.items()}
    return {name: dict(catalog.environment.call(route).headers) for name, route in own.items()}


def values_in(*things: object) -> set[str]:
    """Return the values of all users that the text of these objects contains."""
    return {value for each in things for value in re.findall(_VALUE, repr(each))}


def values_sent(upstream: Upstream) -> Iterable[set[str]]:
    """Yield the values in each request that was received."""
    return [values_in(each.headers) for each in upstream.received]
