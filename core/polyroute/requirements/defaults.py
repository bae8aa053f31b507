"""Check the defaults in the requirements of providers, once, when a plugin is loaded."""

from polyroute.base_url import is_bare, normalized, of_provider, placeholders
from polyroute.requirements.slots import WANTED
from polyroute.types import Provider


def wrong_default(provider: Provider) -> str:
    """Return what is wrong with the defaults of a provider's slots; empty if they can be used.

    It is asked once, when the plugin is loaded: `fill` uses a default as it stands.
    """
    slots = [slot for group in provider.requirement for slot in group.slots if slot.default]
    for slot in slots:
        if slot.check and not is_bare(slot.default, slot.check):
            return f"has a default for {slot.name}, {slot.default!r}, which {WANTED[slot.check]}"
    values = {slot.name: normalized(slot.default) for slot in slots}
    names = placeholders(provider.base_url)
    has_all = bool(names) and all(name in values for name in names)
    return "has no valid base URL with its defaults" if has_all and not of_provider(provider, "", values) else ""
