"""Turns the one object file that LLVM emits for wasm32 into a module that a browser can load.

A wasm object file (Tool Conventions, *WebAssembly Object File Linking*) is already a valid module whose code refers to
data laid out from address 0.  With a single object there is nothing to relocate: what is missing is the export section,
and the custom sections that serve a linker can go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["LinkedModule", "link"]

MAGIC = b"\0asm\1\0\0\0"
CUSTOM, IMPORT, EXPORT, START, ELEMENT, CODE, DATA, DATA_COUNT = 0, 2, 7, 8, 9, 10, 11, 12
SYMBOL_TABLE = 8
SYMBOL_FUNCTION, SYMBOL_DATA, SYMBOL_SECTION = 0, 1, 3
UNDEFINED, EXPLICIT_NAME = 0x10, 0x40
I32_CONST = 0x41


@dataclass(frozen=True)
class LinkedModule:
    """The module's bytes, the names it imports, and the first free address behind its constants."""

    wasm: bytes
    imports: tuple[str, ...]
    data_end: int


class Reader:
    """Reads the binary format's integers and names one after another."""

    def __init__(self, data: bytes, position: int = 0):
        self.data = data
        self.position = position

    def __bool__(self):
        return self.position < len(self.data)

    def byte(self) -> int:
        self.position += 1
        return self.data[self.position - 1]

    def integer(self) -> int:
        """An unsigned LEB128 integer (a signed one too, if it is not negative and leaves its sign bit clear)."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def bytes(self, count: int) -> bytes:
        self.position += count
        return self.data[self.position - count:self.position]

    def name(self) -> str:
        return self.bytes(self.integer()).decode()


def unsigned(value: int) -> bytes:
    """LEB128 encoding of an unsigned integer."""
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    if not module.startswith(MAGIC):
        raise ValueError("not a WebAssembly object file")
    reader = Reader(module, len(MAGIC))
    while reader:
        kind = reader.byte()
        yield kind, reader.bytes(reader.integer())


def imported_names(body: bytes) -> Iterator[str]:
    reader = Reader(body)
    for _ in range(reader.integer()):
        reader.name()
        field = reader.name()
        kind = reader.byte()
        if kind == 0:  # function: a type index
            reader.integer()
        elif kind in (1, 2):  # table (with its element type) or memory: limits
            if kind == 1:
                reader.byte()
            has_maximum = reader.integer() & 1
            reader.integer()
            if has_maximum:
                reader.integer()
        elif kind == 3:  # global: value type and mutability
            reader.byte()
            reader.byte()
        else:
            raise ValueError(f"import {field!r} is of unknown kind {kind}")
        yield field


def function_indices(linking: Reader) -> dict[str, int]:
    """The index of each function that the object defines, from its symbol table."""
    version = linking.integer()
    if version != 2:
        raise ValueError(f"linking section has version {version}, this linker reads version 2")
    indices = {}
    while linking:
        kind = linking.byte()
        body = Reader(linking.bytes(linking.integer()))
        if kind != SYMBOL_TABLE:
            continue
        for _ in range(body.integer()):
            symbol = body.byte()
            flags = body.integer()
            defined = not flags & UNDEFINED
            if symbol == SYMBOL_DATA:
                body.name()
                if defined:
                    body.integer(), body.integer(), body.integer()
            elif symbol == SYMBOL_SECTION:
                body.integer()
            else:
                index = body.integer()
                if defined or flags & EXPLICIT_NAME:
                    name = body.name()
                    if defined and symbol == SYMBOL_FUNCTION:
                        indices[name] = index
    return indices


def end_of_data(body: bytes) -> int:
    reader = Reader(body)
    end = 0
    for _ in range(reader.integer()):
        if reader.integer() != 0 or reader.byte() != I32_CONST:
            raise ValueError("a data segment that does not start at a constant address")
        start = reader.integer()
        reader.byte()  # end of the address expression
        size = reader.integer()
        reader.bytes(size)
        end = max(end, start + size)
    return (end + 15) & ~15


def link(object_file: bytes, exports: Iterable[str]) -> LinkedModule:
    """Make a loadable module of one object file.

    Parameters
    ----------
    object_file : bytes
        What ``TargetMachine.emit_object`` returns for wasm32.
    exports : iterable of str
        Names of the functions to export.
    """
    kept, indices, imports, data_end = [], {}, (), 0
    for kind, body in sections(object_file):
        if kind == CUSTOM:
            reader = Reader(body)
            if reader.name() == "linking":
                indices = function_indices(reader)
            continue
        if kind == IMPORT:
            imports = tuple(imported_names(body))
        elif kind == DATA:
            data_end = end_of_data(body)
        kept.append((kind, body))
    entries = [unsigned(len(name)) + name.encode() + b"\0" + unsigned(indices[name]) for name in exports]
    place = next(i for i, (kind, _) in enumerate(kept) if kind in (START, ELEMENT, CODE, DATA_COUNT))
    kept.insert(place, (EXPORT, unsigned(len(entries)) + b"".join(entries)))
    wasm = MAGIC + b"".join(bytes([kind]) + unsigned(len(body)) + body for kind, body in kept)
    return LinkedModule(wasm, imports, data_end)
