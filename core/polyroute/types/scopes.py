"""For which settings of a provider single models are."""

from polyroute.named_tuples import NamedTuple
from polyroute.types.constraints import SlotName, Text


class Scope(NamedTuple):
    """For which values of a setting models are, as far as their IDs say it, such as the regions of a cloud."""

    models: tuple[Text, ...]
    """Patterns of whole IDs, in which `*` stands for anything; likewise of values."""
    slot: SlotName
    values: tuple[Text, ...]
