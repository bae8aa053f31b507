"""The decorator `hookimpl`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pluggy

    hookimpl: pluggy.HookimplMarker
else:
    _UNUSED = ("wrapper", "hookwrapper", "optionalhook", "tryfirst", "trylast")

    def hookimpl(function: Any = None, **options: Any) -> Any:
        """Mark a plugin's function as the implementation of the hook of the same name.

        This is pluggy's own marker. Without options it sets what pluggy would set, without importing pluggy.
        """
        if options or not callable(function):
            import pluggy

            return pluggy.HookimplMarker("polyroute")(function, **options)
        function.polyroute_impl = dict.fromkeys(_UNUSED, False) | {"specname": None}
        return function
