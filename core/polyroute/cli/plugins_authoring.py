"""The commands `plugins schema`, `new` and `check`, for plugin authors."""

from __future__ import annotations

import argparse
import json

from polyroute.cli import output, prompts, text
from polyroute.cli.output import NO, YES
from polyroute.conformance import runner
from polyroute.documents import plugins as documents
from polyroute.environment import Environment
from polyroute.errors import UsageError
from polyroute.plugins.loaded import Plugins
from polyroute.results import passes

_SAMPLES = 4


def schema(options: argparse.Namespace) -> int:
    """`polyroute plugins schema`: print the JSON Schema of a manifest."""
    from polyroute.plugins.manifests import parser

    print(json.dumps(parser.schema(), indent=2))
    return YES


def new(options: argparse.Namespace) -> int:
    """`polyroute plugins new`: create a plugin that passes `plugins check`."""
    from polyroute.conformance import scaffold

    plugins = output.loaded(Environment.load(), run=False)
    if owner := plugins.owners.get(plugins.names.get(options.name, "")):
        raise UsageError(f"{options.name!r} is already a provider of plugin {owner.label}.", "Choose another name.")
    words = _gateway_words(plugins) if options.kind == "gateway" else {}
    folder = scaffold.write(options.name, options.kind, options.into, words)
    run = "" if options.kind in ("manifest", "gateway") else " --run"
    sentence = f"{folder} contains a working plugin. Next: polyroute plugins check {folder}{run}"
    return output.done(options, sentence, plugin=options.name, folder=folder)


def _gateway_words(plugins: Plugins) -> dict[str, str]:
    """Return the first gateway, whose scheme a new one may use, and a few of its models. Raises UsageError."""
    if not plugins.gateways:
        raise UsageError("No plugin with a gateway is installed, whose spelling of models a new one could use.")
    like = plugins.gateways[0]
    known = ((each, plugins.mappers[like].reverse(each)) for each in plugins.models(like))
    samples = {back.provider: each for each, back in known if back}
    return {"LIKE": like, "SAMPLES": ", ".join(f'"{each}"' for each in sorted(samples.values())[:_SAMPLES])}


def check(options: argparse.Namespace) -> int:
    """`polyroute plugins check`: print the findings for a plugin; return 1 if something must be fixed.

    Only files are read, unless the user agrees that the plugin is run.
    """
    findings = runner.check(options.path)
    if options.runs and any(each.code == "not-run" for each in findings) and passes(findings):
        text.notes(f"CAREFUL    it {each}" for each in runner.dangers(options.path))
        if prompts.agreed("Run it?", yes=options.yes):
            findings = runner.check(options.path, run=True)
    has_passed = passes(findings)
    if options.json:
        output.document(documents.checked(findings, passes=has_passed))
    else:
        text.lines([*map(str, findings), f"{options.path} {'passes' if has_passed else 'does not pass'}."])
    return YES if has_passed else NO
