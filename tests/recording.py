"""A plugin of pytest (-p recording): what nbval gets from a chapter's kernel, the build shows.

nbval runs a chapter's cells and compares what comes back with what is stored. Here the same
messages also fill a notebook, through nbclient's own reading of them, with the state of the
widgets; once all cells of a chapter have passed, it lies in the build's cache (tools/chapters.py)
and no chapter has to run twice. The longest chapters come first, which wants xdist's
--no-loadscope-reorder.
"""

import copy
import sys
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbclient.client import CellExecutionComplete
from nbval.plugin import IPyNbCell

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import chapters


class Recording:
    """The notebook that a kernel's messages make, beside nbval's own reading of them."""

    def __init__(self, file):
        self.chapter = Path(file.path)
        self.notebook = copy.deepcopy(file.nb)
        cells = enumerate(self.notebook.cells)
        self.code = [(place, cell) for place, cell in cells if cell.cell_type == "code"]
        self.client = NotebookClient(self.notebook, record_timing=False)
        self.client.reset_execution_trackers()
        self.client.kc = file.kernel.kc
        self.place = self.cell = self.parent = None
        self.passed, self.seconds = set(), 0.0
        info = self.client.kc.kernel_info(reply=True, timeout=60)
        self.notebook.metadata["language_info"] = info["content"]["language_info"]
        self.listen(file.kernel)

    def listen(self, kernel):
        """Read each message that nbval reads."""
        execute, receive = kernel.execute_cell_input, kernel.get_message

        def execute_and_note(*arguments, **options):
            self.parent = execute(*arguments, **options)
            return self.parent

        def receive_and_note(stream, timeout=None):
            message = receive(stream, timeout=timeout)
            if stream == "iopub" and message["parent_header"].get("msg_id") == self.parent:
                with suppress(CellExecutionComplete):
                    self.client.process_message(message, self.cell, self.place)
            return message

        kernel.execute_cell_input, kernel.get_message = execute_and_note, receive_and_note

    def begin(self, number):
        self.place, self.cell = self.code[number]
        self.cell.outputs = []
        self.client.clear_before_next_output = False

    def end(self, number, seconds):
        self.cell.execution_count = number + 1  # nbval's kernel keeps no history
        for output in self.cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number + 1
        self.passed.add(number)
        self.seconds += seconds

    def store(self):
        """All of a chapter, or nothing."""
        if len(self.passed) == len(self.code):
            self.client.set_widgets_metadata()
            chapters.store(self.notebook, self.chapter, self.seconds)


def pytest_sessionstart(session):
    if not hasattr(session.config, "workerinput"):  # once, before xdist's workers begin
        chapters.forget_stale()
        chapters.get_cache(chapters.BUILD / chapters.CACHE).list_cache_records()  # makes its tables


def pytest_collection_modifyitems(items):
    files = chapters.longest_first({Path(item.path) for item in items})
    items.sort(key=lambda item: files.index(Path(item.path)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    result = yield
    if isinstance(item, IPyNbCell):
        if not hasattr(item.parent, "recording"):
            item.parent.recording = Recording(item.parent)
        item.parent.recording.begin(item.cell_num)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if isinstance(item, IPyNbCell) and report.when == "call" and report.passed:
        item.parent.recording.end(item.cell_num, call.duration)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    result = yield
    recording = getattr(item.parent, "recording", None)
    if recording and (nextitem is None or nextitem.parent is not item.parent):
        recording.store()
    return result


def pytest_terminal_summary(terminalreporter):
    """The seconds of each chapter, the longest first."""
    seconds = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                seconds[Path(report.nodeid.partition("::")[0])] += report.duration
    for chapter in sorted(seconds, key=seconds.get, reverse=True):
        terminalreporter.write_line(chapters.said(seconds[chapter], chapter))
