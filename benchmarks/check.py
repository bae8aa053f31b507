"""`polyroute check` of a hundred files, as a whole process, compared with starting Python.

python -m benchmarks.check [--rounds N] [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import (
    PASS,
    PASS_SECONDS,
    User,
    interleaved,
    judged,
    medians,
    new_user,
    options_of,
    process_seconds,
    show,
    throw_away,
)

_FILES = 100
_LIMIT = 1.5
_CONTENT = {
    "agent{}.yml": "llm:\n  provider: openai\n  model: gpt-5-mini\n  apiKey: $OPENAI_API_KEY\nagentId: a{}\n",
    "litellm{}.yaml": (
        "model_list:\n- model_name: a{}\n  litellm_params:\n    model: openai/gpt-5-mini\n"
        "    api_key: os.environ/OPENAI_API_KEY\n"
    ),
    "a{}.opencode.jsonc": '{{"$schema": "https://opencode.ai/config.json", // {}\n "model": "openai/gpt-5-mini"}}\n',
    "a{}.config.toml": 'model = "gpt-5-mini"\nmodel_provider = "openai"\n[projects.a{}]\ntrust_level = "trusted"\n',
    "a{}.env": "OPENAI_API_KEY=${{OPENAI_API_KEY}}\nOPENAI_MODEL=gpt-5-mini\nNUMBER={}\n",
}
"""What is checked in turn: valid files in five syntaxes."""


def main() -> int:
    """Measure and print; return 1 if `--check` is given and a limit is exceeded."""
    options = options_of("check", __doc__, 9)
    with throw_away() as directory:
        within = _measure(directory, options.rounds)
    return 0 if within or not options.check else 1


def _measure(directory: Path, rounds: int) -> bool:
    user = new_user(directory, "user")
    files = _written(user)
    one, all_files = ([sys.executable, "-m", "polyroute", "check", *paths] for paths in (files[:1], files))
    cases: dict[str, Callable[[], float]] = {
        "pass": lambda: process_seconds(PASS, user),
        "one": lambda: process_seconds(one, user, OPENAI_API_KEY="k"),
        "all": lambda: process_seconds(all_files, user, OPENAI_API_KEY="k"),
    }
    for case in cases.values():
        case()  # so that bytecode and caches exist
    found = medians(interleaved(cases, rounds))
    scale = max(1.0, found["pass"] / PASS_SECONDS)
    return show(
        "Checking configurations",
        [
            judged("python -I -c pass", found["pass"] * 1e3, "ms"),
            judged("one file", found["one"], "s"),
            judged(f"{_FILES} files", found["all"], "s", _LIMIT * scale),
            judged("added by one more file", (found["all"] - found["one"]) / (_FILES - 1) * 1e3, "ms"),
        ],
    )


def _written(user: User) -> list[str]:
    """Write the files to be checked; return their paths."""
    kinds = list(_CONTENT.items())
    for number in range(_FILES):
        name, text = kinds[number % len(kinds)]
        user.write(name.format(number), text.format(number))
    return [str(user.home / kinds[number % len(kinds)][0].format(number)) for number in range(_FILES)]


if __name__ == "__main__":
    raise SystemExit(main())
