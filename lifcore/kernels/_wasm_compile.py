"""Compiles kernels to one WebAssembly module, in a process of its own: ``python -m lifcore.kernels._wasm_compile``.

Reads pickled kernels from standard input and writes a pickled result.  numba optimises its intermediate code for this
computer's processor as soon as it compiles; the caller switches that off by environment variables before numba is
imported here, so that LLVM's WebAssembly backend, which comes with llvmlite, gets the plain code.
"""

from __future__ import annotations

import pickle
import re
import sys

from lifcore.kernels import _jit
from lifcore.kernels._wasm_link import link

TRIPLE = "wasm32-unknown-unknown"
# Where LLVM sees a loop that fills memory it uses an instruction of its own, and without this one calls the C library's
# memset, which a page does not have. Newer versions have it switched on.
FEATURES = "+bulk-memory"
# Functions of C's maths library with an instruction of their own in WebAssembly, where they are exact.
EXACT = "sqrt|floor|ceil|trunc|rint|fabs"


def c_twin(kernel):
    """The kernel with a C calling convention, each array as a pointer and its lengths, and its description."""
    import numba
    from numba import types
    from numba.core import sigutils

    name = kernel.__name__
    arguments, returned = sigutils.normalize_signature(kernel.signatures[0])
    if not isinstance(returned, (types.Number, types.NoneType)):
        raise TypeError(f"{name} returns {returned}: an exported kernel returns a number or nothing")
    argument_names = kernel.function.__code__.co_varnames
    parameters, c_types, passed, described = [], [], [], []
    for k, argument in enumerate(arguments):
        if isinstance(argument, types.Array):
            if argument.layout != "C":
                raise TypeError(f"{name}: array {argument_names[k]} must be C-contiguous, declare it as f8[::1]")
            lengths = [f"n{k}_{axis}" for axis in range(argument.ndim)]
            parameters += [f"p{k}", *lengths]
            c_types += [types.CPointer(argument.dtype)] + [types.int32] * argument.ndim
            passed.append(f"carray(p{k}, ({', '.join(lengths)},))")
            described.append([argument_names[k], str(argument.dtype), argument.ndim])
        elif isinstance(argument, (types.Number, types.Boolean)):
            parameters.append(f"x{k}")
            c_types.append(argument)
            passed.append(f"x{k}")
            described.append([argument_names[k], str(argument), 0])
        else:
            raise TypeError(f"{name}: argument {argument_names[k]} is {argument}; only numbers and arrays are exported")
    function = kernel.function
    if any(dimensions for _, _, dimensions in described):
        scope = {"kernel": kernel, "carray": numba.carray}
        exec(f"def {name}({', '.join(parameters)}):\n    return kernel({', '.join(passed)})", scope)
        function = scope[name]
    twin = numba.cfunc(returned(*c_types), error_model=_jit.OPTIONS["error_model"])(function)
    return twin.inspect_llvm(), twin.native_name, {"args": described, "returns": str(returned), "doc": kernel.__doc__ or ""}


def compile_module(kernels):
    """One LLVM module for wasm32 with all kernels; everything they call is inlined or internal."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(
        cpu="generic", features=FEATURES, opt=3, reloc="static")
    module, functions = None, {}
    for kernel in kernels:
        text, symbol, functions[kernel.__name__] = c_twin(kernel)
        text = re.sub(r"^target (triple|datalayout) = .*$", "", text, flags=re.M)
        text = re.sub(r'"target-(cpu|features)"="[^"]*"', "", text)
        text = re.sub(rf"@({EXACT})\(", r"@llvm.\1.f64(", text)
        part = llvm.parse_assembly(text)
        part.triple, part.data_layout = TRIPLE, str(machine.target_data)
        part.get_function(symbol).name = kernel.__name__
        if module is None:
            module = part
        else:
            module.link_in(part)
    for item in [*module.functions, *module.global_variables]:
        if not item.is_declaration:
            item.linkage = "external" if item.name in functions else "internal"
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=2)
    tuning.inlining_threshold = 75
    tuning.loop_vectorization = tuning.slp_vectorization = tuning.loop_unrolling = False
    passes = llvm.create_pass_builder(machine, tuning)
    for _ in range(2):
        passes.getModulePassManager().run(module, passes)
    return machine.emit_object(module), functions


def main():
    # Code from numba's cache is optimised for this computer already.
    _jit.cache_folder = lambda: None
    # Of kernels in two precisions the first is exported.
    _jit._compiling.signature = 0
    # numba would import them to see whether they are there, for a third of a second; no exported kernel can use them.
    sys.modules.update(scipy=None, cffi=None)
    try:
        kernels = pickle.load(sys.stdin.buffer)
        object_file, functions = compile_module(kernels)
        linked = link(object_file, list(functions))
        result = (linked.wasm, linked.imports, {"data": linked.data_end, "functions": functions})
    except Exception as error:
        result = error
    try:
        answer = pickle.dumps(result)
    except Exception:
        answer = pickle.dumps(RuntimeError(f"{type(result).__name__}: {result}"))
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
