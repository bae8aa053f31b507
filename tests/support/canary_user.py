"""A user who has a key in every place where one can be, each with a value of its own that is called a canary."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from tests.support.manifests import User
from tests.support.shell import Shell

MARK = "canary7f3a9c"
"""What every canary contains."""

MANIFEST = """\
[providers.by-variable]
kind = "vendor"
env = ["BY_VARIABLE_KEY"]
base_url = "@URL@"
models = ["m"]
verify = { path = "/balance", remaining = "left" }

[providers.by-keyring]
env = ["BY_KEYRING_KEY"]
base_url = "@URL@"
models = ["m"]
verify = { path = "/echo" }

[providers.by-dotenv]
env = ["BY_DOTENV_KEY"]
base_url = "@URL@"
models = ["m"]
verify = { path = "/nowhere" }

[providers.by-file]
kind = "gateway"
base_url = "@URL@"
models = ["m"]
routeability = { providers = ["by-variable"] }
mapping = { spelled = "vendor" }
slots.key = { from = [{ file = "~/.acme/login.json", json_field = "the.token" }], secret = true }

[providers.by-command]
base_url = "@URL@"
models = ["m"]
slots.key = { from = [{ command = ["@COMMAND@"] }], secret = true }
"""
COMMAND = """\
#!/bin/sh
tr '\\0' ' ' < /proc/$$/cmdline >> "$HOME/command-lines"
exec cat "$HOME/.acme/printed"
"""
EXECUTABLE = """\
version = "1.0"
methods = ["detect", "models", "secret", "verify"]

[executable]
argv = @ARGV@
variables = ["BY_PROGRAM_KEY"]
hosts = ["@HOST@"]
"""
PROGRAM = """\
import json, sys

open("@HOME@/command-lines", "a").write(open("/proc/self/cmdline").read())
PROVIDER = {"env": ["BY_PROGRAM_KEY"], "base_url": "@URL@", "models": ["m"]}
LOGIN = {"base_url": "@URL@", "models": ["m"]}


def answer(method, params):
    if method == "describe":
        return {"protocol": 1, "version": "1.0", "providers": {"by-program": PROVIDER, "by-program-login": LOGIN}}
    if method == "detect":
        return {"providers": {"by-program-login": {"ref": "login"}}}
    if method == "models":
        return {"providers": {}}
    if method == "secret":
        return {"secret": open("@HOME@/.acme/program").read()}
    sys.stderr.write(json.dumps(params))
    return {"providers": {name: {"state": "valid", "message": json.dumps(params)} for name in params["refs"]}}


for line in sys.stdin:
    request = json.loads(line)
    result = answer(request["method"], request["params"])
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
"""
PYTHON = """\
import os
from pathlib import Path
from polyroute import *

HOME = Path(os.environ["HOME"])


@hookimpl
def polyroute_providers():
    yield Provider("by-plugin", "By plugin", base_url="@URL@")
    yield Provider("by-headers", "By headers", base_url="@URL@")


@hookimpl
def polyroute_models(provider_ids):
    return [Model(name, "m") for name in ("by-plugin", "by-headers") if name in provider_ids]


@hookimpl
def polyroute_credentials(environment):
    return [Detection(name, "oauth-token", Source("plugin", name)) for name in ("by-plugin", "by-headers")]


@hookimpl
def polyroute_secrets(credential, environment):
    value = (HOME / ".acme" / credential.provider).read_text()
    return Secret(value, headers=(("x-account", value),) if credential.provider == "by-headers" else ())


@hookimpl
def polyroute_verifications(credentials, environment):
    return [Verification("by-plugin", "invalid", (HOME / ".acme" / "by-plugin").read_text())]
"""
PLACES = (
    "by-variable", "by-keyring", "by-dotenv", "by-file", "by-command", "by-program", "by-program-login", "by-plugin",
    "by-headers", "own-key", "named-key", "own-variable",
)  # fmt: skip
"""The places of keys that are used. All but the last three are also the IDs of providers."""


def canary(place: str) -> str:
    """Return the key that is in this place and nowhere else."""
    return f"sk-{MARK}-{place}-0123456789abcdef"


class CanaryUser:
    """A user with a key in every place, all of them for one endpoint on this machine."""

    def __init__(self, shell: Shell, url: str, **values: str) -> None:
        """`values` are keys other than canaries, by place, with `_` for `-`."""
        self.shell, self.home, self.url = shell, shell.home, url
        self._values = {name.replace("_", "-"): value for name, value in values.items()}
        self.user = User(self.home)
        self.models = {name: f"{name}/m" for name in PLACES[:-3]}
        self.models |= {name: f"openai-compatible/{name}" for name in PLACES[-3:]}
        """The model to which each key belongs, by place."""
        self._add_files()
        self._add_plugins()
        self._add_variables()
        self._add_keys()

    def key(self, place: str) -> str:
        """Return the key in this place."""
        return self._values.get(place) or canary(place)

    def add_other_places(self) -> None:
        """Also add other tools' logins, a project's file, configurations, the server's token and further variables."""
        login = {name: canary(name) for name in ("token", "refreshToken", "dextoApiKey", "openRouterApiKey")}
        aws = [f"{name} = {canary(name)}" for name in ("aws_access_key_id", "aws_secret_access_key")]
        identity = {"client_secret": canary("adc"), "refresh_token": canary("adc-refresh"), "type": "authorized_user"}
        section = {"provider": "anthropic", "model": "claude-sonnet-4-5", "apiKey": canary("config")}
        entry = {"name": "x", "provider": "litellm", "baseURL": self.url, "apiKey": canary("imported")}
        for name, text in {
            ".dexto/auth.json": json.dumps(login),
            ".aws/credentials": "\n".join(["[default]", *aws, ""]),
            ".config/gcloud/application_default_credentials.json": json.dumps(identity),
            "project/.env": f"XAI_API_KEY={canary('project')}\n",
            "agent.json": json.dumps({"llm": section}),
            "broken.json": json.dumps({"llm": section})[:-1],
            "models.json": json.dumps({"version": 1, "models": [entry]}),
            "broken-models.json": json.dumps({"version": 1, "models": [entry]})[:-1],
        }.items():
            self._write(name, text)
        names = ("POLYROUTE_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "SOMETHING_ELSE", "AICORE_SERVICE_KEY")
        self.shell.variables |= {name: canary(name) for name in names}

    def keep_caches_apart(self) -> None:
        """Give the user a cache of their own, so that all files of theirs can be searched."""
        cache = self.shell.ours / "cache"
        shared = cache.resolve()
        cache.unlink()
        shutil.copytree(shared, cache)

    def places_of_canaries(self) -> set[str]:
        """Return the files in the home that contain a canary, relative to the home."""
        walked = [Path(folder, name) for folder, _, names in os.walk(self.home, followlinks=True) for name in names]
        return {str(path.relative_to(self.home)) for path in walked if MARK.encode() in path.read_bytes()}

    def _write(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    def _add_files(self) -> None:
        self._write(".acme/login.json", json.dumps({"the": {"token": self.key("by-file")}}))
        self._write(".acme/printed", self.key("by-command") + "\n")
        self._write(".acme/program", self.key("by-program-login"))
        for name in ("by-plugin", "by-headers"):
            self._write(f".acme/{name}", self.key(name))
        self._write(".dexto/.env", f"BY_DOTENV_KEY={self.key('by-dotenv')}\nUNRELATED={canary('unrelated')}\n")
        models = [self._model("own-key", self.key("own-key")), self._model("named-key", "keyring:mine")]
        models.append(self._model("own-variable", "$OWN_VARIABLE"))
        self._write(".dexto/models/custom-models.json", json.dumps({"version": 1, "models": models}))

    def _model(self, name: str, key: str) -> dict[str, str]:
        return {"name": name, "provider": "openai-compatible", "baseURL": self.url, "apiKey": key}

    def _add_plugins(self) -> None:
        command = self._write("command", COMMAND)
        command.chmod(0o755)
        told = {"@URL@": self.url, "@COMMAND@": str(command), "@HOST@": self.url.split("/")[2]}
        told["@HOME@"] = str(self.home)
        told["@ARGV@"] = json.dumps([sys.executable, "-I", "-S", "./run.py"])
        self.user.approve(self.user.put("manifest", _filled(MANIFEST, told)))
        self.user.approve(self.user.put("program", _filled(EXECUTABLE, told), run_py=_filled(PROGRAM, told)))
        self.shell.site.install("canary-plugin", "plugin", _filled(PYTHON, told))

    def _add_variables(self) -> None:
        self.shell.variables |= {
            "BY_VARIABLE_KEY": self.key("by-variable"),
            "BY_PROGRAM_KEY": self.key("by-program"),
            "OWN_VARIABLE": self.key("own-variable"),
        }

    def _add_keys(self) -> None:
        self.shell.use_keyring()
        for arguments, place in ((["by-keyring"], "by-keyring"), (["--name", "mine"], "named-key")):
            done = self.shell.run("keys", "set", *arguments, given=self.key(place))
            assert done.returncode == 0, done.stderr


def _filled(text: str, told: dict[str, str]) -> str:
    for name, value in told.items():
        text = text.replace(name, value)
    return text
