"""40,000 samples of a neuron under current, in numba and in WebAssembly (wasmtime): time per call, and the bytes."""

import statistics
import sys
import time
from pathlib import Path

import numpy as np

from lifcore.kernels import build_wasm, lif

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from wasm_host import WasmtimeHost, layout, numba_call  # noqa: E402

RUNS, CALLS = 7, 50
arguments = [
    np.array([0.0, 2000.0]), np.array([0.3]), 20.0, 100.0, -70.0, -50.0, -65.0, 2.0, -70.0, 0.05, np.zeros(40001), np.zeros(100)]
module = build_wasm([lif.piecewise_trace])
host = WasmtimeHost(module)
assert host.call("piecewise_trace", arguments) == numba_call(lif.piecewise_trace, arguments)
flat, _ = layout(module, arguments)
exported = host.instance.exports(host.store)["piecewise_trace"]


def per_call(call):
    start = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - start) / CALLS


ratios = []
for _ in range(RUNS):
    here = per_call(lambda: lif.piecewise_trace(*arguments))
    there = per_call(lambda: exported(host.store, *flat))
    ratios.append(there / here)
print(f"numba {here * 1e6:.1f} µs, WebAssembly {there * 1e6:.1f} µs, ratio {statistics.median(ratios):.2f}; same bytes; "
      f"module {len(module.wasm)} bytes")
