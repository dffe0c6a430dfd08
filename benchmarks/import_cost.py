"""CPU time of fresh Python processes: import numba, import lifcore, and lifcore's first result from the cache."""

import statistics
import subprocess
import sys

RUNS = 11
CASES = {
    "import numba": "import numba",
    "import lifcore": "import lifcore",
    "first result": "import lifcore; lifcore.firing_rate(lifcore.LIF(), 0.3)",
}


def cpu_seconds(code):
    timed = f"import time; start = time.process_time(); {code}; print(time.process_time() - start)"
    return float(subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True).stdout)


cpu_seconds(CASES["first result"])
times = {name: [] for name in CASES}
for _ in range(RUNS):
    for name, code in CASES.items():
        times[name].append(cpu_seconds(code))
base = statistics.median(times["import numba"])
for name, values in times.items():
    ratios = [a / b for a, b in zip(values, times["import numba"], strict=True)]
    print(f"{name:15s} {statistics.median(values):.3f} s   {statistics.median(ratios):.2f} x import numba")
