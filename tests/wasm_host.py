"""Runs a `lifcore.kernels.Module` under wasmtime, an engine of its own, and prepares the same calls for a browser."""

from __future__ import annotations

import base64
import json

import numpy as np
import wasmtime

PAGES = 64
STACK = 65536


def layout(module, arguments):
    """Addresses of the array arguments and the flat list of numbers that the exported function takes."""
    free = module.api["data"] + STACK
    flat, arrays = [], []
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            free = (free + 15) & ~15
            arrays.append((argument, free))
            flat += [free, *argument.shape]
            free += argument.nbytes
        else:
            flat.append(argument)
    assert free < PAGES * 65536
    return flat, arrays


class WasmtimeHost:
    """One instance of a module; `call` returns the result and the bytes of each array afterwards."""

    def __init__(self, module):
        self.module = module
        self.store = wasmtime.Store()
        self.memory = wasmtime.Memory(self.store, wasmtime.MemoryType(wasmtime.Limits(PAGES, None)))
        stack = wasmtime.Global(
            self.store, wasmtime.GlobalType(wasmtime.ValType.i32(), True), wasmtime.Val.i32(module.api["data"] + STACK))
        code = wasmtime.Module(self.store.engine, module.wasm)
        given = {"__linear_memory": self.memory, "__stack_pointer": stack}
        self.instance = wasmtime.Instance(self.store, code, [given[item.name] for item in code.imports])

    def call(self, name, arguments):
        flat, arrays = layout(self.module, arguments)
        for array, address in arrays:
            self.memory.write(self.store, array.tobytes(), address)
        result = self.instance.exports(self.store)[name](self.store, *flat)
        return result, [bytes(self.memory.read(self.store, at, at + array.nbytes)) for array, at in arrays]


def numba_call(kernel, arguments):
    """The same call of the kernel as numba compiled it here."""
    own = [argument.copy() if isinstance(argument, np.ndarray) else argument for argument in arguments]
    result = kernel(*own)
    return result, [argument.tobytes() for argument in own if isinstance(argument, np.ndarray)]


BROWSER_CALL = """async ([wasm, data, calls]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const memory = new WebAssembly.Memory({ initial: %d });
  const __stack_pointer = new WebAssembly.Global({ value: "i32", mutable: true }, data + %d);
  const { instance } = await WebAssembly.instantiate(
    bytes(wasm), { env: { __linear_memory: memory, __stack_pointer } });
  const view = new Uint8Array(memory.buffer), out = [];
  for (const { name, flat, arrays } of calls) {
    for (const [at, text] of arrays) view.set(bytes(text), at);
    const result = instance.exports[name](...flat.map((x) => Number(x)));
    const digest = new Uint8Array(8);
    if (result !== undefined) new DataView(digest.buffer).setFloat64(0, Number(result), true);
    const after = arrays.map(([at, text]) => view.slice(at, at + bytes(text).length));
    out.push([[...digest], after.map((a) => btoa(Array.from(a, (c) => String.fromCharCode(c)).join("")))]);
  }
  return out;
}""" % (PAGES, STACK)


def browser_calls(module, page, calls):
    """Run (name, arguments) pairs in a browser's page; for each the result as 8 bytes and the arrays' bytes."""
    prepared = []
    for name, arguments in calls:
        flat, arrays = layout(module, arguments)
        # Numbers travel as text, because JSON has neither infinities nor a promise of the last bit.
        prepared.append({
            "name": name, "flat": [repr(float(x)).replace("inf", "Infinity") for x in flat],
            "arrays": [[at, base64.b64encode(array.tobytes()).decode()] for array, at in arrays]})
    answer = page.evaluate(BROWSER_CALL, [base64.b64encode(module.wasm).decode(), module.api["data"], json.loads(json.dumps(prepared))])
    return [(bytes(result), [base64.b64decode(text) for text in arrays]) for result, arrays in answer]
