"""Words in model IDs."""

from __future__ import annotations

import re

MEANING = re.compile(
    "mini|nano|micro|pro|fast|highspeed|lite|flash|thinking|turbo|codex|vl|coder|max|plus|air|image|audio|tts|live"
    "|embed|embedding|rerank|guard|safeguard|vision|spark|search|research|chat|omni|air|airx|flashx|terminus|exp"
    "|speciale|distill|scout|maverick|opus|sonnet|haiku|preview|[0-9]+b"
)
