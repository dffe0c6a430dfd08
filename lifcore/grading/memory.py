"""Memory of a process and of all it has started, together: the limit on address space holds for each of them alone."""

from pathlib import Path


def used(pid):
    """Bytes of memory in use by a process and its descendants; pages they share are counted once among them.

    Parameters
    ----------
    pid : int

    Returns
    -------
    int
        0 where the system does not tell, or the process is no more.
    """
    total, waiting = 0, [pid]
    while waiting:
        one = Path("/proc", str(waiting.pop()))
        try:
            for task in (one / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
            total += _own(one)
        except (OSError, ValueError):
            continue  # it has ended meanwhile
    return total


def _own(folder):
    try:
        for line in (folder / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except PermissionError:
        pass
    # Another user's, as without the jail: resident pages, less those of files.
    _, resident, shared = (folder / "statm").read_text().split()[:3]
    return (int(resident) - int(shared)) * 4096
