"""The full-screen picker. Import it inside functions: it needs prompt_toolkit."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, TextIO

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, VSplit, Window
from prompt_toolkit.output.vt100 import Vt100_Output

from polyroute._internal.terminal import clean
from polyroute.choices.picker_state import Picked, PickerState
from polyroute.cli import picker_text
from polyroute.errors import PolyrouteError
from polyroute.lazy import cached_property
from polyroute.model_list.order import ModelOrder
from polyroute.model_list.rows import ModelRow, ModelRows
from polyroute.model_list.selection import ModelSelection, SelectableModels
from polyroute.named_tuples import NamedTuple
from polyroute.results import Offer
from polyroute.types import ModelRef

if TYPE_CHECKING:
    from polyroute.catalog import Catalog

_WIDE = 100
_DETAIL_LINES = 9


class KeyWanted(NamedTuple):
    """The user wants to enter a key before they choose."""

    provider: str
    query: str


Chosen = ModelRef | KeyWanted | None


class _State:
    """What the picker shows: the models that match, the one that is marked, and its ways."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog, self.stored = catalog, PickerState(catalog.environment)
        self._rows = ModelRows(catalog)
        self.query, self.usable, self.note = "", False, ""
        self.index = self.way = 0
        self.search()

    def search(self) -> None:
        """Look for the query anew; the first model is marked."""
        self.favorites = {ModelRef(each.provider, each.model) for each in self.stored.favourites()}
        recents = {ModelRef(each.provider, each.model) for each in self.stored.recents()}
        models = SelectableModels(self._rows, ModelOrder(self.favorites, recents))
        self.found = models.select(ModelSelection(self.query, usable=self.usable))
        self.index = self.way = 0
        self._ways: dict[ModelRef, tuple[Offer, ...]] = {}

    @property
    def row(self) -> ModelRow | None:
        """The model that is marked."""
        return self.found[self.index] if self.found else None

    @property
    def ways(self) -> tuple[Offer, ...]:
        """The ways to run the model that is marked."""
        if self.row is None:
            return ()
        ref = self.row.ref
        if ref not in self._ways:
            self._ways[ref] = self.catalog.offers(ref)
        return self._ways[ref]

    def move(self, by: int) -> None:
        """Mark another model."""
        self.index = max(0, min(len(self.found) - 1, self.index + by))
        self.way, self.note = 0, ""

    def next_way(self) -> None:
        """Mark the next way of the model."""
        self.way = (self.way + 1) % len(self.ways) if self.ways else 0

    def toggle_favorite(self) -> None:
        """Make the model a favourite, or no longer one."""
        if self.row:
            is_one = self.stored.toggle_favourite(Picked(*self.row.ref))
            self.favorites = self.favorites | {self.row.ref} if is_one else self.favorites - {self.row.ref}
            self.note = "It is a favourite now." if is_one else "It is no longer a favourite."

    def pin(self) -> None:
        """Pin the marked way, if it is a route of the model itself."""
        from polyroute.preferences import save
        from polyroute.routing.order import checked

        if self.row and self.ways:
            offer = self.ways[self.way]
            via, target = checked(offer.route.via, str(offer.model), self.catalog.plugins)
            save(self.catalog.environment, via, target)
            self.note = f"{via} now comes first for {target}."


class _Picker:
    """The application."""

    def __init__(self, state: _State, query: str, given: TextIO, shown: TextIO) -> None:
        self._state = state
        self._output = Vt100_Output.from_pty(shown)
        self._buffer = Buffer(on_text_changed=self._typed, multiline=False)
        self._buffer.document = Document(query)
        self.application: Application[Chosen] = Application(
            Layout(self._layout()),
            key_bindings=self._keys,
            full_screen=True,
            input=create_input(given),
            output=self._output,
        )
        self.application.ttimeoutlen = 0.05  # after Esc

    def _typed(self, buffer: Buffer) -> None:
        self._state.query, self._state.note = buffer.text, ""
        self._state.search()

    def _layout(self) -> HSplit:
        beside = self._output.get_size().columns >= _WIDE
        models = Window(FormattedTextControl(self._models), wrap_lines=False, width=self._widths()[0])
        details = Window(FormattedTextControl(self._details), wrap_lines=True, height=None if beside else _DETAIL_LINES)
        line = Window(width=1, char="│") if beside else Window(height=1, char="─")
        body = VSplit([models, line, details]) if beside else HSplit([models, line, details])
        search = VSplit([Window(FormattedTextControl("> "), width=2), Window(BufferControl(self._buffer))], height=1)
        return HSplit([search, body, Window(FormattedTextControl(self._foot), height=1)])

    def _models(self) -> StyleAndTextTuples:
        size, state = self._output.get_size(), self._state
        beside = size.columns >= _WIDE
        room = size.rows - 2 - (0 if beside else _DETAIL_LINES + 1)
        width = self._widths()[0]
        first = max(0, min(state.index - room // 2, len(state.found) - room))
        shown = enumerate(state.found[first : first + room], first)
        return [picker_text.row(row, width, state.favorites, marked=index == state.index) for index, row in shown]

    def _details(self) -> str:
        state = self._state
        if state.row is None:
            return "No model matches."
        return picker_text.details(state.row, state.ways, state.way, self._widths()[1])

    def _widths(self) -> tuple[int, int]:
        """Return the columns of the models and of the details."""
        columns = self._output.get_size().columns
        models = columns * 3 // 5
        return (models, columns - models - 1) if columns >= _WIDE else (columns, columns)

    def _foot(self) -> str:
        state = self._state
        runs = "all" if state.usable else "runs"
        keys = f"Enter use  Esc leave  Tab way  ^P pin  ^F star  ^Y copy  ^R {runs}  ^K key"
        return clean(state.note) or f"{len(state.found):,}  {keys}"

    @cached_property
    def _keys(self) -> KeyBindings:
        state, keys = self._state, KeyBindings()
        for name, by in {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}.items():
            keys.add(name)(lambda _, by=by: state.move(by))
        keys.add("tab")(lambda _: state.next_way())
        keys.add("c-f")(lambda _: self._try(state.toggle_favorite))
        keys.add("c-p")(lambda _: self._try(state.pin))
        keys.add("c-y")(lambda _: self._copy())
        keys.add("c-r")(lambda _: self._filter())
        keys.add("c-k")(self._ask_for_key)
        keys.add("enter")(self._use)
        keys.add("escape", eager=True)(lambda event: event.app.exit(result=None))
        keys.add("c-c")(lambda event: event.app.exit(exception=KeyboardInterrupt))
        return keys

    def _try(self, action: object) -> None:
        try:
            if callable(action):
                action()
        except PolyrouteError as error:
            self._state.note = str(error)

    def _filter(self) -> None:
        self._state.usable = not self._state.usable
        self._state.search()

    def _copy(self) -> None:
        """Copy the reference by the terminal's own sequence (OSC 52), which works over SSH too."""
        if row := self._state.row:
            self._output.write_raw(f"\x1b]52;c;{b64encode(str(row.ref).encode()).decode()}\x07")
            self._state.note = f"{row.ref} was copied."

    def _ask_for_key(self, event: KeyPressEvent) -> None:
        ways = self._state.ways
        if ways:
            event.app.exit(result=KeyWanted(ways[self._state.way].provider, self._state.query))

    def _use(self, event: KeyPressEvent) -> None:
        row = self._state.row
        if row:
            self._try(lambda: self._state.stored.push_recent(Picked(*row.ref)))
            event.app.exit(result=row.ref)


def run(catalog: Catalog, query: str, given: TextIO, shown: TextIO) -> Chosen:
    """Show the picker on a terminal; return the model that is chosen."""
    return _Picker(_State(catalog), query, given, shown).application.run()
