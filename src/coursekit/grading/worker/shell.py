"""IPython's shell without a kernel: it runs cells and keeps what they leave, as nbformat does."""

from __future__ import annotations

import base64
import builtins
import contextlib
import io
import json
import sys
from json.encoder import encode_basestring_ascii as escape
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets import Type
from traitlets.config import Config

MAX_OUTPUT = 4 << 20  # bytes that a cell may leave
CUT = "\n(The rest of this output was cut off.)\n"

Output = dict[str, Any]


class NobodyToAskError(RuntimeError):
    """Code asked for input."""


class Outputs:
    """What a cell leaves, in order; lines that one stream writes in a row are one output."""

    def __init__(self) -> None:
        self._items: list[Output] = []
        self._parts: list[str] = []  # of the last item, while it is a stream's
        self._left = MAX_OUTPUT
        self._clear = False

    @property
    def cut(self) -> bool:
        """Whether something was left out."""
        return self._left < 0

    @property
    def items(self) -> list[Output]:
        """What was left so far."""
        if self._parts:
            self._items[-1]["text"] = "".join(self._parts)
        return self._items

    def write(self, name: str, text: str) -> None:
        """Add what was written to stdout or stderr."""
        room = self._left
        if not text:
            return
        if not self._room_for(len(escape(text))):
            if room > 0:
                self._append(name, text[: room if text.isascii() else room // 12])
                self._append("stdout", CUT)
            return
        self._append(name, text)

    def _append(self, name: str, text: str) -> None:
        last = self._items[-1] if self._items else {}
        if not self._parts or last["name"] != name:
            self._end_stream()
            self._items.append({"output_type": "stream", "name": name, "text": ""})
        self._parts.append(text)

    def _end_stream(self) -> None:
        self._items, self._parts = self.items, []

    def add(self, output: Output) -> None:
        """Add a display, a result or an error."""
        room = self._left
        if self._room_for(len(json.dumps(output))):
            self._end_stream()
            self._items.append(output)
        elif room > 0:
            self._append("stdout", CUT)

    def clear(self, *, wait: bool) -> None:
        """Forget what was left so far; with `wait`, when something new comes."""
        self._clear = wait
        if not wait:
            self._items, self._parts = [], []

    def _room_for(self, size: int) -> bool:
        if self._clear:
            self.clear(wait=False)
        if self._left < 0:
            return False
        self._left -= size
        return self._left >= 0


class _Stream(io.TextIOBase):
    """Stands for sys.stdout or sys.stderr."""

    encoding = "utf-8"

    def __init__(self, shell: CellShell, name: str) -> None:
        self._shell, self.name = shell, name

    def write(self, text: str) -> int:
        self._shell.outputs.write(self.name, str(text))
        return len(text)

    def writable(self) -> bool:
        return True


class _Publisher(DisplayPublisher):  # type: ignore[misc]  # IPython publishes no types
    def publish(
        self, data: Any, metadata: Any = None, *_: Any, transient: Any = None, **options: Any
    ) -> None:
        output = _bundle("display_data", data, metadata)
        name = (transient or {}).get("display_id")
        if name is not None and options.get("update"):
            for shown in self.shell.displays.get(name, []):
                shown.update(data=output["data"], metadata=output["metadata"])
            return
        self.shell.outputs.add(output)
        if name is not None:
            self.shell.displays.setdefault(name, []).append(output)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear(wait=wait)


class _Hook(DisplayHook):  # type: ignore[misc]
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        output = _bundle("execute_result", format_dict, md_dict)
        self.shell.outputs.add({**output, "execution_count": self.prompt_count})

    def finish_displayhook(self) -> None:
        self._is_active = False


def _bundle(kind: str, data: Any, metadata: Any) -> Output:
    kept = {}
    for mime, value in dict(data).items():
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        try:
            kept[str(mime)] = json.loads(json.dumps(value))
        except (TypeError, ValueError):
            continue  # a front end could not have shown it either
    try:
        about = json.loads(json.dumps(metadata or {}))
    except (TypeError, ValueError):
        about = {}
    return {"output_type": kind, "data": kept, "metadata": about}


class CellShell(InteractiveShell):  # type: ignore[misc]
    """A shell whose cells leave outputs instead of printing."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)

    def __init__(self, **options: Any) -> None:
        self.outputs, self.cut = Outputs(), False
        self.displays: dict[str, list[Output]] = {}
        super().__init__(**options)

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window to open."""

    def system(self, cmd: str) -> None:
        """Say that no program starts here; the cell goes on, as after a command that failed."""
        print(f"!{cmd}\n(The grader starts no other programs: this line did nothing.)")
        self.user_ns["_exit_code"] = 1

    system_piped = system_raw = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """Say the same; the output is empty."""
        self.system(cmd)
        return SList([]) if split else ""

    def _tee(self, channel: str) -> contextlib.AbstractContextManager[None]:
        """IPython 9 would keep all that is printed a second time, without end."""
        return contextlib.nullcontext()

    def ask_exit(self) -> None:
        """``exit`` ends nothing here: the cells below it run."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        try:
            text = str(evalue)
        except Exception:
            text = "(the error cannot be shown)"
        lines = [str(line) for line in stb]
        self.outputs.add(
            {"output_type": "error", "ename": etype.__name__, "evalue": text, "traceback": lines}
        )

    def begin_anew(self) -> None:
        """Forget every cell that has run."""
        self.reset(new_session=True)
        self.displays.clear()

    def run(self, source: str, name: str) -> tuple[list[Output], int, BaseException | None]:
        """Run a cell.

        Parameters
        ----------
        source, name : str
            Its text, and what it is called in tracebacks of the front end.

        Returns
        -------
        list of dict
            What it left, as nbformat has it.
        int
            Its number.
        BaseException or None
            The error that ended it.
        """
        self.outputs = Outputs()
        result = self.run_cell(source, store_history=True, cell_id=name)
        error = result.error_before_exec or result.error_in_exec
        number = self.execution_count - 1
        left, self.cut, self.outputs = self.outputs.items, self.outputs.cut, _Nothing()
        return left, number, error


class _Nothing(Outputs):
    """Drops what is written between cells, as while the judge calls."""

    def write(self, name: str, text: str) -> None:
        """Drop what was written."""

    def add(self, output: Output) -> None:
        """Drop a display."""


def make_shell() -> CellShell:
    """Return the shell of this process, with sys.stdout, sys.stderr and ``input`` in its hands."""
    if CellShell.initialized():  # by the parent of this process
        made: CellShell = CellShell.instance()
        return made
    config = Config()
    config.HistoryManager.enabled = False  # it would write a file, from a thread of its own
    config.InteractiveShell.banner1 = ""
    shell: CellShell = CellShell.instance(config=config)
    sys.stdout, sys.stderr = _Stream(shell, "stdout"), _Stream(shell, "stderr")
    builtins.input = _no_input
    import matplotlib
    from matplotlib_inline.backend_inline import configure_inline_support

    matplotlib.interactive(True)  # figures are shown when a cell ends, as in a notebook
    configure_inline_support(  # type: ignore[no-untyped-call]
        shell, "module://matplotlib_inline.backend_inline"
    )
    shell.outputs = _Nothing()
    return shell


def _no_input(prompt: object = "") -> str:
    raise NobodyToAskError(
        "input() has nobody to type in the grader: use the function's arguments."
    )
