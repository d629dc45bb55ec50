"""The console's server as a process of its own, started as `make run` starts it, and what it uses."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
HOST = "localhost"
START_SECONDS, STOP_SECONDS = 300, 10  # a store of an older schema is brought up to date on the first start


@dataclass(frozen=True, slots=True)
class Server:
    """A running console."""

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path
    health_seconds: float
    """From starting the process until it said that it is well."""

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    def rss_mb(self) -> float:
        """Memory the process holds now, in MB (10⁶ bytes)."""
        command = ["ps", "-o", "rss=", "-p", str(self.process.pid)]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(told.stdout) * 1024 / 1e6

    def cpu_seconds(self) -> float | None:
        """Processor time the process has used so far; None where the system does not tell simply."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def store_url(folder: Path) -> str:
    """A folder as the console's settings name it."""
    return "ducklake" + folder.resolve().as_uri().removeprefix("file")


def environment(folder: Path) -> dict[str, str]:
    """This process's environment, for a console over the store in a folder."""
    # Without the choices of whoever measures: the defaults, and compiled modules kept as everywhere.
    others = ("USAGE_", "STREAMLIT_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    return kept | {"USAGE_DATABASE_URL": store_url(folder)}


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A console over the store in a folder, answering; ended when done."""
    with tempfile.TemporaryDirectory() as home:
        log, port = Path(home) / "server.log", _free_port()
        command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
        start = time.perf_counter()
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _await_health(process, port, log)
            yield Server(port, process, log, time.perf_counter() - start)
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _await_health(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), urlopen(f"http://{HOST}:{port}/_stcore/health", timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.01)
    raise SystemExit(f"The console did not start. It wrote:\n{log.read_text(errors='replace')}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
