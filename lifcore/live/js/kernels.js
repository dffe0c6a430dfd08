// The compiled kernels: the functions that numba runs in Python, here as WebAssembly.
//   const kernels = await loadKernels(20000);             room for 20,000 float64 in arrays
//   const V = kernels.array(1000);                        a Float64Array inside the module's memory
//   kernels.firing_rate(I, tau_m, R, E_L, V_th, V_reset, t_ref)
// API and WASM stand in front of the modules when they are put together.

const ARRAY_TYPES = { float64: Float64Array, int32: Int32Array, int64: BigInt64Array };
const STACK_BYTES = 65536;
const PAGE_BYTES = 65536;

let compiled; // one compilation serves every figure of a page

function compileKernels() {
  compiled ??= WebAssembly.compile(Uint8Array.from(atob(WASM), (letter) => letter.charCodeAt(0)));
  return compiled;
}

// An array argument is its address followed by its lengths.
function flatten(name, [argument, type, dimensions], value, memory) {
  if (dimensions === 0) return [value];
  if (!(value instanceof ARRAY_TYPES[type]) || value.buffer !== memory.buffer) {
    throw new TypeError(`${name}: ${argument} must be a ${type} array made by kernels.array()`);
  }
  return [value.byteOffset, value.length];
}

export async function loadKernels(floats) {
  // Constants come first, then the stack, which grows downwards, then the arrays.
  const base = (API.data + STACK_BYTES + 15) & ~15;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((base + 8 * floats) / PAGE_BYTES) + 1 });
  const stack = new WebAssembly.Global({ value: "i32", mutable: true }, base);
  const imports = { env: { __linear_memory: memory, __stack_pointer: stack } };
  const instance = await WebAssembly.instantiate(await compileKernels(), imports);

  let next = base;
  const kernels = {
    array(length, type = "float64") {
      const made = new ARRAY_TYPES[type](memory.buffer, next, length);
      next = (next + made.byteLength + 15) & ~15;
      return made;
    },
  };
  for (const [name, { args }] of Object.entries(API.functions)) {
    kernels[name] = (...given) => {
      if (given.length !== args.length) {
        throw new TypeError(`${name} takes ${args.map(([argument]) => argument).join(", ")}`);
      }
      const flat = args.flatMap((argument, k) => flatten(name, argument, given[k], memory));
      return instance.exports[name](...flat);
    };
  }
  return kernels;
}
