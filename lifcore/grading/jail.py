"""The jail a submission runs in: no network, no files but the libraries, bounded time, memory and processes.

bubblewrap builds it (namespaces, read-only mounts), prlimit bounds it, and where the grader is root, setpriv makes
it an ordinary user first, whom RLIMIT_NPROC binds. The folder with the solutions is not in it.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
WORKER = Path(__file__).parent / "worker.py"
HOME = "/home"
CACHE = "/cache"
# User numbers that no system gives to a person. Each run takes one at random: RLIMIT_NPROC counts per user.
FIRST_USER, LAST_USER = 64_000, 64_999


class JailError(Exception):
    """Submissions cannot be run safely here; the message says what is missing."""


@dataclass(frozen=True)
class Limits:
    """What one run of a submission may use.

    Attributes
    ----------
    cpu_seconds, wall_seconds : float
        Of one cell or case, by the processor's clock and by the clock on the wall. The first is what counts on a
        busy machine; the second ends a cell that sleeps.
    total_seconds : float
        Of the whole submission, on the wall, all restarts included.
    memory, file_size, scratch : int
        Bytes: of address space, of one file, of all files together.
    processes : int
    """

    cpu_seconds: float = 10.0
    wall_seconds: float = 30.0
    total_seconds: float = 240.0
    memory: int = 3 << 30
    file_size: int = 10_000_000
    scratch: int = 64 << 20
    processes: int = 64


def problem(jailed=True):
    """Why submissions cannot be run here, or nothing.

    Parameters
    ----------
    jailed : bool
        Whether bubblewrap is to be used.

    Returns
    -------
    str
        Empty if all is well.
    """
    for tool in ("bwrap", "prlimit", "setpriv") if jailed else ():
        if tool == "setpriv" and os.geteuid() != 0:
            continue
        if shutil.which(tool) is None:
            package = "bubblewrap" if tool == "bwrap" else "util-linux"
            return (
                f"{tool} is not installed (Debian and Ubuntu: apt install {package}). Students' code runs in a "
                "jail that needs it; --no-jail runs it with your own rights, on your own risk."
            )
    what = "The jail (bubblewrap)" if jailed else "An ordinary user's process (setpriv)"
    way_out = " --no-jail runs the code with your own rights, on your own risk." if jailed else ""
    if not jailed and os.geteuid() == 0 and shutil.which("setpriv") is None:
        return (
            "submissions are never run as root: run this as an ordinary user, or install setpriv (util-linux)"
        )
    with tempfile.TemporaryDirectory() as cache:
        test = command(["-c", "print('alive')"], jailed=jailed, cache=cache)
        try:
            done = subprocess.run(
                test, capture_output=True, text=True, timeout=60, env=environment(jailed, cache)
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{what} cannot start: {error}.{way_out}"
    if done.stdout.strip() != "alive":
        return f"{what} cannot start: {done.stderr.strip()[-400:]}.{way_out}"
    return ""


def command(arguments, limits=Limits(), jailed=True, cache=None, fill_cache=False):
    """The command line that runs Python in the jail.

    Parameters
    ----------
    arguments : list of str
        For Python.
    limits : Limits
    jailed : bool
        Without the jail only the limits are kept, and root's rights are still dropped.
    cache : str or path, optional
        Folder of compiled kernels, read-only in the jail.
    fill_cache : bool
        Let this run write to `cache`; only for the course's own code.

    Returns
    -------
    list of str
    """
    python = [sys.executable, "-I", "-B", *arguments]
    bounded = [*_limits(limits), *python]
    as_root = os.geteuid() == 0
    if not jailed:
        return [*(_ordinary_user() if as_root else []), *bounded]
    line = [shutil.which("bwrap"), "--die-with-parent", "--new-session", "--clearenv"]
    if as_root:
        # Root mounts (it may read an interpreter that lies in root's own folder), then setpriv gives up all of it.
        line += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        line += ["--cap-drop", "ALL"]
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
            line += ["--cap-add", capability]
        bounded = [*_ordinary_user(), *bounded]
    else:
        line += ["--unshare-all", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]
    line += _mounts(limits, cache, fill_cache)
    for name, value in environment(jailed, cache, fill_cache).items():
        line += ["--setenv", name, value]
    return [*line, "--chdir", HOME, "--", *bounded]


def _ordinary_user():
    user = str(random.randint(FIRST_USER, LAST_USER))
    drop = ["--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    return [shutil.which("setpriv"), f"--reuid={user}", f"--regid={user}", *drop, "--"]


def _limits(limits):
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        return []
    return [
        prlimit,
        f"--as={limits.memory}",
        f"--nproc={limits.processes}",
        f"--fsize={limits.file_size}",
        f"--cpu={int(limits.total_seconds)}",
        "--core=0",
        "--nofile=256",
        "--",
    ]


def _mounts(limits, cache, fill_cache):
    """What is seen in the jail: /usr, the interpreter, lifcore without its solutions, and empty folders."""
    line = []
    # These come first: the interpreter or lifcore may itself lie below one of them.
    for folder in ("/tmp", "/var/tmp", HOME):
        line += ["--perms", "1777", "--size", str(limits.scratch), "--tmpfs", folder]
    line += ["--ro-bind", "/usr", "/usr"]
    for folder in ("/bin", "/sbin", "/lib", "/lib64"):
        if os.path.islink(folder):
            line += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            line += ["--ro-bind", folder, folder]
    line += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--proc", "/proc", "--dev", "/dev"]
    # Where the grader is no root, /dev belongs to the student's code, and could be filled until no memory is left.
    line += ["--perms", "1777", "--size", str(limits.scratch), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    folders = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1]), str(PACKAGE)}
    folders = sorted(folder for folder in folders if not folder.startswith("/usr/") and folder != "/usr")
    made = set()
    for folder in folders:
        for above in reversed(Path(folder).parents[:-1]):
            if above not in made:
                made.add(above)
                # Without the mode a folder above a mount is closed to everybody but root.
                line += [] if _inside(above, folders) else ["--perms", "0755", "--dir", str(above)]
        line += ["--ro-bind", folder, folder]
    solutions = WORKER.parent / "data"
    if solutions.is_dir():
        line += ["--perms", "0755", "--tmpfs", str(solutions), "--remount-ro", str(solutions)]
    if cache is not None:
        line += ["--bind" if fill_cache else "--ro-bind", str(cache), CACHE]
    return [*line, "--remount-ro", "/"]


def _inside(path, folders):
    return any(Path(folder) == path or Path(folder) in path.parents for folder in folders)


def environment(jailed=True, cache=None, fill_cache=False):
    """Environment of the student's process: dict of str.

    Compiled kernels and matplotlib's list of fonts are read from `cache`; a copy is taken, because numba reads
    only what it could write.
    """
    shared = CACHE if jailed else str(cache)
    home = HOME if jailed else tempfile.gettempdir()
    own = shared if fill_cache else f"{home}/cache" if jailed else str(cache)
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "LIFCORE_CHECK": "off",
        "LIFCORE_PROGRESS": "off",
        "LIFCORE_JAIL_CACHE": shared,
        "NUMBA_CACHE_DIR": own,
        "MPLCONFIGDIR": f"{own}/matplotlib",
        "MPLBACKEND": "Agg",
        "NUMBA_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
