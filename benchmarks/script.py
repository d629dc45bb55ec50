"""Waiting for the script of a page that Streamlit's test harness runs."""

from streamlit.testing.v1 import local_script_runner

_look = local_script_runner.require_widgets_deltas


def ended(runner: local_script_runner.LocalScriptRunner, timeout: float) -> None:
    """Wait for the end of a script; Streamlit's own way, to look a thousand times a second, slows it down."""
    assert runner._script_thread
    runner._script_thread.join(timeout)
    if not runner.script_stopped():
        _look(runner, 0)
