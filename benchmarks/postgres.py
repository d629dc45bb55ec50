"""A PostgreSQL server of our own for the time of a benchmark: in a folder, on a socket, for nobody else."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DEBIAN = "/usr/lib/postgresql"
MISSING = (
    "PostgreSQL's server is not installed: initdb, postgres and psql are neither on the path nor in "
    f"pg_config's folder nor in {DEBIAN}/*/bin. On Debian and Ubuntu: apt install postgresql."
)
SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "max_parallel_workers_per_gather": "2",
}
"""What a person who cares for speed would set; what is not named here is PostgreSQL's default (jit is on)."""

QUICK_LOAD = {
    "maintenance_work_mem": "1GB",
    "max_wal_size": "16GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "synchronous_commit": "off",
    "autovacuum": "off",  # VACUUM ANALYZE is run once; nothing is to disturb what is measured
}
"""What only makes loading quicker."""

TIME = re.compile(r"^Time: ([\d.]+) ms", re.MULTILINE)
START_SECONDS = 60


def binaries() -> Path:
    """The folder of the newest server's programs."""
    folders = [Path(path) for path in os.environ.get("PATH", "").split(os.pathsep) if path]
    if config := shutil.which("pg_config"):
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        folders.insert(0, Path(told.stdout.strip()))
    installed = Path(DEBIAN).glob("*/bin")
    folders += sorted(installed, key=lambda path: float(path.parent.name), reverse=True)
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "postgres", "psql")):
            return folder
    raise SystemExit(MISSING)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server."""

    programs: Path
    folder: Path
    user: str | None
    """Whom to run as; PostgreSQL refuses to run as root."""

    def psql(self, script: str, stdin: Path | None = None) -> str:
        """What psql writes for a script; with a file, the script is one command that reads it."""
        command = [str(self.programs / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder)]
        command += ["-U", "postgres", "-d", "postgres"]
        if stdin is None:
            return self._run(command, input=script)
        with stdin.open("rb") as file:
            return self._run([*command, "-c", script], stdin=file)

    def milliseconds(self, statements: Sequence[str]) -> list[float]:
        """How long each statement takes in one session, with its rows sent and thrown away."""
        script = "\n".join(("\\timing on", "\\o /dev/null", *(f"{one};" for one in statements)))
        found = [float(text) for text in TIME.findall(self.psql(script))]
        assert len(found) == len(statements), "psql gave not one time for each statement"
        return found

    def _run(self, command: list[str], **more: object) -> str:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            user=self.user,
            **more,
        )
        if done.returncode:
            raise SystemExit(f"{Path(command[0]).name} failed:\n{done.stderr}")
        return str(done.stdout)


@contextmanager
def running(home: Path) -> Iterator[Cluster]:
    """A new cluster in a folder beneath `home`, answering; ended when done."""
    programs, user = binaries(), _unprivileged()
    folder = home / "postgresql"
    folder.mkdir(mode=0o700)
    if user:
        shutil.chown(folder, user)
        home.chmod(0o711)  # so that the user reaches what is his
    cluster, data = Cluster(programs, folder, user), folder / "data"
    made = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust"]
    cluster._run([*made, "--encoding=UTF8", "--locale=C"])
    options = SETTINGS | QUICK_LOAD | {"listen_addresses": "", "unix_socket_directories": str(folder)}
    command = [str(programs / "postgres"), "-D", str(data)]
    command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (home / "postgresql.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, user=user, stdout=log, stderr=log)
        try:
            _await_answer(cluster, process, home / "postgresql.log")
            yield cluster
        finally:
            process.terminate()
            process.wait()


def _await_answer(cluster: Cluster, process: "subprocess.Popen[bytes]", log: Path) -> None:
    command = [str(cluster.programs / "pg_isready"), "-q", "-h", str(cluster.folder)]
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if not subprocess.run(command, check=False).returncode:
            return
        time.sleep(0.1)
    raise SystemExit(f"PostgreSQL did not start. It wrote:\n{log.read_text(errors='replace')}")


def _unprivileged() -> str | None:
    """A user to run as instead of root; none for anybody else."""
    if os.geteuid():
        return None
    import pwd  # noqa: PLC0415 - not on every system, and only needed by root

    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)
