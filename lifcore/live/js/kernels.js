// The compiled kernels: the functions that numba runs in Python, here as WebAssembly.
//   const kernels = await loadKernels(20000);             room for 20,000 float64 in arrays
//   const V = kernels.array(1000);                        a Float64Array inside the module's memory
//   const state = kernels.array(4, "u4");                 a Uint32Array; the names of types are those of signatures
//   const words = kernels.array([4, 100], "u4");          one array, row after row, for an argument of two dimensions
//   kernels.firing_rate(I, tau_m, R, E_L, V_th, V_reset, t_ref)
// A kernel takes numbers for numbers, 64-bit integers among them, and arrays made here, or parts of them by `subarray`.
// API and WASM stand in front of the modules when they are put together.

const ARRAY_TYPES = {
  f8: Float64Array, f4: Float32Array, i8: BigInt64Array, u8: BigUint64Array, i4: Int32Array, u4: Uint32Array,
  i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array, b1: Uint8Array,
};
const STACK_BYTES = 65536;
const PAGE_BYTES = 65536;

let compiled; // one compilation serves every figure of a page

function compileKernels() {
  compiled ??= unpack(WASM).then((bytes) => WebAssembly.compile(bytes));
  return compiled;
}

function unpack(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
}

// An array argument is its address followed by its lengths.
function flatten(name, [argument, type, dimensions], value, memory) {
  if (dimensions === 0) return [type === "i8" || type === "u8" ? BigInt(value) : value];
  const isArray = value instanceof ARRAY_TYPES[type] && value.buffer === memory.buffer;
  if (!isArray || (value.shape?.length ?? 1) !== dimensions) {
    const kind = dimensions === 1 ? "array" : `array of ${dimensions} dimensions`;
    throw new TypeError(`${name}: ${argument} must be a ${type} ${kind} made by kernels.array()`);
  }
  return [value.byteOffset, ...(value.shape ?? [value.length])];
}

// WebAssembly has signed integers only, and no truth values.
function returned(type, value) {
  if (typeof value === "bigint") return Number(type === "u8" ? BigInt.asUintN(64, value) : value);
  if (type === "u4") return value >>> 0;
  return type === "b1" ? value !== 0 : value;
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
    array(lengths, type = "f8") {
      const shape = [lengths].flat();
      const length = shape.reduce((product, side) => product * side);
      const Type = ARRAY_TYPES[type];
      if (!Type) throw new TypeError(`type must be one of ${Object.keys(ARRAY_TYPES).join(", ")}, got ${type}`);
      if (next + length * Type.BYTES_PER_ELEMENT > memory.buffer.byteLength) {
        throw new RangeError(`no room for ${length} ${type}: floats of the figure, ${floats}, must be larger`);
      }
      const made = new Type(memory.buffer, next, length);
      next = (next + made.byteLength + 15) & ~15;
      if (shape.length > 1) made.shape = shape;
      return made;
    },
  };
  for (const [name, { args, returns }] of Object.entries(API.functions)) {
    kernels[name] = (...given) => {
      if (given.length !== args.length) {
        throw new TypeError(`${name} takes ${args.map(([argument]) => argument).join(", ")}`);
      }
      const flat = args.flatMap((argument, k) => flatten(name, argument, given[k], memory));
      return returned(returns, instance.exports[name](...flat));
    };
  }
  return kernels;
}
