"""The same provider behaves alike in every kind of plugin: a catalog's results do not reveal the kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import types
import venv
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from polyroute import Catalog, ModelRef, Plugins
from polyroute.conformance import runner
from tests.support.distributions import BUNDLED
from tests.support.example_executables import COMPILERS, built
from tests.support.manifests import User

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"

_ASK = """
import json, os, sys
from polyroute import Catalog, ModelRef, Plugins
from polyroute.documents import catalog as docs
from polyroute.lists import plain
catalog = Catalog.load(plugins=Plugins.load(project=os.getcwd()))
status = catalog.provider("acme")
names = ("acme-large", "x")
routes = [docs.resolution(ModelRef("acme", each), catalog.routes(f"acme/{each}"), (), ()) for each in names]
models = [plain(model) for model in catalog.models(provider="acme")]
owner = catalog.plugins.owners["acme"]
print(json.dumps({
    "status": docs.provider(status), "routes": routes, "models": models, "problems": list(map(str, catalog.problems)),
    "mapped": catalog.mapping("openrouter", ModelRef("acme", "acme-large"))[:2],
    "version": owner.version,
    "secret": catalog.environment.reveal(status.routes[0].credential) if status.has_direct_key else "",
}))
"""


class Place:
    """A Python environment and a user in it, who has one plugin of one kind."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.user = User(base / "home")
        cache = Path(os.environ["POLYROUTE_HOME"]) / "cache"  # holds nothing personal; to fill it takes a second
        cache.mkdir(parents=True, exist_ok=True)
        self.user.ours.mkdir(parents=True, exist_ok=True)
        (self.user.ours / "cache").symlink_to(cache)
        self.python = sys.executable
        self.site = base / "site"

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the variables of a process there."""
        own = {"HOME": str(self.user.home), "POLYROUTE_HOME": str(self.user.ours)}
        return {"PATH": os.environ["PATH"], **own, "PYTHONPATH": str(self.site), **variables}

    def ask(self, **variables: str) -> Any:
        """Return everything that a catalog reports about Acme."""
        command = [self.python, "-c", _ASK]
        done = subprocess.run(
            command,
            cwd=self.user.project,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    def install(self, wheel: Path) -> None:
        """Install a wheel, without an index, into a new environment that sees the current one's packages."""
        fresh = self.base / "fresh"
        venv.create(fresh, with_pip=False, symlinks=True)
        self.python = str(fresh / "bin" / "python")
        site = Path(sysconfig.get_path("purelib", vars={"base": str(fresh), "platbase": str(fresh)}))
        pip = [sys.executable, "-m", "pip", "--python", self.python, "install", "--quiet", "--no-index", "--no-deps"]
        subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
        (site / "outer.pth").write_text(sysconfig.get_path("purelib") + "\n")
        (site / "editable.pth").write_text(
            "".join(f"import sys; sys.path.append({each!r})\n" for each in sys.path if each)
        )


def manifest(place: Place) -> None:
    """Put a manifest into the plugin folder."""
    place.user.copy(EXAMPLES / "acme-manifest", "acme")


def manifest_in_project(place: Place) -> None:
    """Put a manifest into a project and approve it."""
    source = (EXAMPLES / "acme-manifest" / "plugin.toml").read_text()
    place.user.approve(place.user.put("acme", source, in_project=True))


def manifest_in_wheel(place: Place) -> None:
    """Install a distribution that carries a manifest and no code, with pip."""
    source = (EXAMPLES / "acme-manifest" / "plugin.toml").read_text()
    place.install(wheel(place.base, {"acme_polyroute/plugin.toml": source}, "acme_polyroute:plugin.toml"))


def python(place: Place) -> None:
    """Install a distribution in Python with pip."""
    source = (EXAMPLES / "python-plugin" / "acme_polyroute" / "__init__.py").read_text()
    place.install(wheel(place.base, {"acme_polyroute/__init__.py": source}, "acme_polyroute"))


def executable(kind: str, place: Place) -> None:
    """Put an executable into the plugin folder, build it if necessary, and approve it."""
    place.user.approve(built(kind, place.user))


KINDS: dict[str, Callable[[Place], None]] = {
    "manifest": manifest,
    "manifest in a project": manifest_in_project,
    "manifest in a wheel": manifest_in_wheel,
    "python": python,
    **{kind: partial(executable, kind) for kind in COMPILERS},
}
"""Each puts the same provider, Acme 1.0.0, to use; the first is what the others are compared with."""


def wheel(folder: Path, files: dict[str, str], target: str) -> Path:
    """Build a wheel as a build tool does."""
    info = "acme_polyroute-1.0.0.dist-info"
    facts = {
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: acme-polyroute\nVersion: 1.0.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[polyroute]\nacme = {target}\n",
    }
    everything = {**files, **facts}
    record = "".join(f"{name},,\n" for name in [*everything, f"{info}/RECORD"])
    path = folder / "acme_polyroute-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in {**everything, f"{info}/RECORD": record}.items():
            packed.writestr(name, text)
    return path


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a catalog reports about Acme as a manifest, with its key and without."""
    place = Place(tmp_path_factory.mktemp("expected"))
    KINDS["manifest"](place)
    return {"with": place.ask(ACME_API_KEY="made-up"), "without": place.ask()}


@pytest.mark.parametrize("kind", KINDS)
def test_the_catalog_cannot_tell_kinds_apart(kind: str, tmp_path: Path, expected: Any) -> None:
    """Statuses, routes, mapped IDs, models, the secret and the version do not depend on the kind of plugin."""
    place = Place(tmp_path)
    KINDS[kind](place)
    assert place.ask(ACME_API_KEY="made-up") == expected["with"]
    assert place.ask() == expected["without"]


GATE = """
version = "1.0.0"

[providers.gate]
kind = "gateway"
env = ["GATE_KEY"]
base_url = "https://gate.example/v1"
models = ["anthropic/claude-sonnet-4.5", "mistralai/mistral-large-2512", "openai/gpt-5", "gate-own"]

[providers.gate.mapping.providers]
mistral = { namespace = "mistralai" }
"""
GATE_IN_PYTHON = """
from polyroute import Alternative, Group, Model, Provider, Routeability, Slot, hookimpl
from polyroute.model_ids.mapper import SchemeMapper
from polyroute.model_ids.scheme import scheme

IDS = ("anthropic/claude-sonnet-4.5", "mistralai/mistral-large-2512", "openai/gpt-5", "gate-own")
MISTRAL = {"mistral": "mistralai"}
TABLE = {"provider": "gate", "providers": {"mistral": {"namespace": "mistralai"}}}


@hookimpl
def polyroute_providers():
    key = Slot("key", (Alternative("GATE_KEY"),), secret=True)
    yield Provider("gate", "gate", "gateway", (Group((key,)),), "https://gate.example/v1")


@hookimpl
def polyroute_routeability():
    yield Routeability("gate", frozenset({"anthropic", "mistralai", "openai"}), MISTRAL)


@hookimpl
def polyroute_models(provider_ids):
    yield from (Model("gate", each) for each in IDS if "gate" in provider_ids)


@hookimpl
def polyroute_model_ids(listed):
    def load():
        vendors = {each: tuple(listed(each)) for each in ("anthropic", "mistral", "openai")}
        return scheme(TABLE, dict.fromkeys(IDS, ()), vendors)

    return {"gate": SchemeMapper(load)}
"""
GATE_PROGRAM = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"jsonrpc": "2.0", "id": json.loads(line)["id"], "result": DESCRIPTION}), flush=True)
"""
GATE_GRANTS = f"""
version = "1.0.0"

[executable]
argv = [{json.dumps(sys.executable)}, "-I", "-S", "./run"]
variables = ["GATE_KEY"]
hosts = ["gate.example"]
"""
ASKED = [
    ModelRef("anthropic", "claude-sonnet-4-5"),
    ModelRef("anthropic", "claude-sonnet-4-5-20250929"),
    ModelRef("mistral", "mistral-large-2512"),
    ModelRef("openai", "gpt-5"),
    ModelRef("openai", "gpt-4o"),
    ModelRef("google", "gemini-2.5-pro"),
    ModelRef("gate", "gate-own"),
]


def gate(kind: str, user: User) -> Catalog:
    """Return a catalog with the same gateway as a manifest, as an executable or in Python."""
    environment, module = user.environment(GATE_KEY="k"), types.ModuleType("gate")
    if kind == "manifest":
        user.put("gate", GATE)
    elif kind == "executable":
        described = GATE_PROGRAM.replace("DESCRIPTION", repr({"protocol": 1, **tomllib.loads(GATE)}))
        user.approve(user.put("gate", GATE_GRANTS, run=described))
    else:
        exec(GATE_IN_PYTHON, vars(module))  # noqa: S102 - as a plugin author would write it
    add = [module] if kind == "python" else []
    return Catalog(Plugins.load(add, only=[*BUNDLED, "gate"], environment=environment), environment)


def picture(catalog: Catalog) -> dict[str, Any]:
    """Return a gateway's mappings in both directions, the vendors routeable via it, and the routes."""
    found = {ref: catalog.mapping("gate", ref) for ref in ASKED}
    mapper = catalog.plugins.mappers["gate"]
    return {
        "mapped": {ref: each[:2] for ref, each in found.items()},
        "back": {each.id: mapper.reverse(each.id) for each in found.values() if each.id},
        "carried": [each for each in catalog.plugins.providers if "gate" in catalog.plugins.carriers(each)],
        "routes": {ref: [each for each in catalog.routes(ref) if "gate" in (each.via, ref.provider)] for ref in ASKED},
        "problems": catalog.problems,
    }


@pytest.mark.parametrize("kind", ["executable", "python"])
def test_a_gateway_of_any_kind_spells_alike(kind: str, tmp_path: Path) -> None:
    """Mapped IDs with their evidence, reverse mappings, routeability and routes equal those of the manifest."""
    expected = picture(gate("manifest", User(tmp_path / "expected")))
    assert expected["mapped"][ASKED[2]] == ("mistralai/mistral-large-2512", "listed")
    assert expected["mapped"][ASKED[4]][0] is None
    assert expected["back"]["anthropic/claude-sonnet-4.5"] == ASKED[0]
    assert {"anthropic", "mistral", "openai"} <= {*expected["carried"]}
    assert picture(gate(kind, User(tmp_path / kind))) == expected


def test_the_picture_is_that_of_a_working_provider(expected: Any) -> None:
    """The expected result is that of a provider that works with its key and has a remedy without it."""
    assert expected["with"]["secret"] == "made-up"
    assert expected["with"]["problems"] == []
    assert expected["with"]["routes"][0]["route"]["baseUrl"] == "https://api.acme.example/v1"
    assert expected["with"]["models"][0]["context"] == 128_000
    assert expected["without"]["status"]["routes"][0]["remedy"] == "Set ACME_API_KEY."
    assert expected["without"]["version"] == "1.0.0"


@pytest.mark.parametrize("example", ["acme-manifest", "python-plugin", "vercel-gateway"])
def test_the_examples_pass_the_kit(example: str, tmp_path: Path) -> None:
    """The plugin checks report nothing about the examples."""
    folder = User(tmp_path).copy(EXAMPLES / example, example)
    assert runner.check(str(folder), run=True) == []


@pytest.mark.parametrize("kind", COMPILERS)
def test_the_executables_pass_the_kit(kind: str, tmp_path: Path) -> None:
    """The plugin checks report nothing about the example executables in any language."""
    assert runner.check(str(built(kind, User(tmp_path))), run=True) == []
