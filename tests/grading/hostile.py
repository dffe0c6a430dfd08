"""Submissions that attack the grader, and untidy ones that deserve their points: the tables, by name.

An attack stands in a notebook of its own, between honest answers to q1 and q2 of the toy set, in the place of the
answer to q3. Each is bounded by its own count, should nothing else bound it.
"""

import io
import json
import os
import stat
import tarfile
import warnings
import zipfile

from grading.toy import ANSWERS, notebook

HONEST = (ANSWERS["q1"], ANSWERS["q2"])
SAY = """
import base64, json, os
def say(*events):
    for fd in range(3, 12):
        for event in events:
            try:
                os.write(fd, json.dumps(event).encode() + b"\\n")
            except OSError:
                pass
"""
WALK = """
import ctypes, glob, os
def found():
    seen = []
    for path in glob.glob("/proc/[0-9]*"):
        for name in ("environ", "cmdline", "maps"):
            try:
                if b"SECRET" in open(f"{path}/{name}", "rb").read():
                    seen.append(f"{path}/{name}")
            except OSError:
                pass
        for file in ("root/etc/passwd", "cwd/../etc/passwd"):
            if os.path.exists(f"{path}/{file}"):
                seen.append(f"{path}/{file}")
    others = [int(path[6:]) for path in glob.glob("/proc/[0-9]*") if int(path[6:]) not in (1, os.getpid())]
    seen += [f"ptrace {pid}" for pid in others if ctypes.CDLL(None).ptrace(16, pid, 0, 0) == 0]
    return ",".join(seen)
def area(r):
    return "found:" + found()
"""
WRITE = """
import os, sys, lifcore, numpy
places = [os.path.dirname(lifcore.__file__), os.path.dirname(numpy.__file__), os.environ["LIFCORE_JAIL_CACHE"],
          sys.prefix, "/usr", "/", "/dev", "/etc", {canary!r}, {home!r}]
def written():
    done = []
    for place in places:
        for path in (place + "/planted", place):
            try:
                with open(path, "w") as file:
                    file.write("planted")
                done.append(path)
            except OSError:
                pass
            try:
                os.remove(path)
                done.append(path)
            except OSError:
                pass
    return done
def area(r):
    return "found:" + ",".join(written())
"""
FILL = """
block, written = b"x" * 1_000_000, 0
for name in range(12):
    try:
        with open(f"{folder}/{{name}}", "wb", buffering=0) as file:
            for _ in range(9):
                written += file.write(block)
    except OSError:
        pass
def area(r):
    return written
"""
FORGE = r"""
import os
lines = [b'{"done": "public"}', b'{"done": "hidden"}', b'not json', b'[' * 5000]
lines += [b'{"case": ["q3", %d], "value": 78.5}' % k for k in (0, 1)]
lines += [b'{"case": ["q3", 0], "passed": true, "points": 1}', b'{"case": [[], {}], "value": 1}']
lines += [b'{"cell": {}, "error": 1}', b'{"cell": 2, "picture": 7}', b'{"cell": [], "drawing": []}', b'{"altered": {}}']
for fd in range(3, 40):
    for line in lines[4:]:
        try:
            os.write(fd, line + b"\n")
        except OSError:
            pass
"""
OVERRIDE = """
import builtins, json, os, sys
import numpy as np
import lifcore.grading
from lifcore.grading import compare, solutions, cases
compare.same = solutions.agrees = lambda *a: True
compare.encode = cases.evaluate = cases.draw = lambda *a: None
lifcore.grading.check = None
json.dumps = json.loads = lambda *a, **k: '{"done": "hidden"}'
json.JSONEncoder.encode = json.JSONEncoder.iterencode = json.encoder.JSONEncoder.encode = lambda *a: "{}"
os.write = print
np.random.default_rng = None
sys.modules["lifcore"] = None
def area(r):
    class Anything(float):
        def __eq__(self, other):
            return True
    return Anything(1.0)
"""
STEAL = """
import os, sys, gc
def listing():
    found = []
    for folder in ({places!r}):
        for root, folders, files in os.walk(folder):
            found += [os.path.join(root, name) for name in files if name.endswith((".md", ".json", "passwd", "shadow"))]
    found += [name for name in os.environ if "SECRET" in name]
    return ",".join(found)[:300]
def area(r):
    return "found:" + listing()
"""
LEAK = """
import gc, sys
def every_hidden():
    dictionaries = [thing for thing in gc.get_objects() if isinstance(thing, dict)]
    return [str(one)[:200] for one in dictionaries if "secret" in str(one.get("setup", ""))]
class Telltale(Exception):
    pass
def area(r):
    frame, seen = sys._getframe(), []
    while frame is not None:
        seen += [str(value)[:400] for value in frame.f_locals.values() if "secret" in str(value)]
        frame = frame.f_back
    raise Telltale(str(every_hidden()) + str(seen))
"""
EARLY = (
    SAY
    + """
def area(r): return 0
say({"done": "public"})
import select
heard = b""
for fd in range(3, 12):
    try:
        if select.select([fd], [], [], 0.3)[0]:
            heard += os.read(fd, 100_000)
    except OSError:
        pass
say({"cell": 2, "error": "heard " + heard.decode()}, {"case": ["q3", 0], "error": "heard " + heard.decode()})
raise RuntimeError("heard " + heard.decode())
"""
)
EVIL = """
class Evil:
    def __array__(self, *a, **k): raise SystemExit
    def __eq__(self, other): return True
    def __float__(self): return 78.5
    def __reduce__(self): return eval, ("1/0",)
    def __getattr__(self, name): raise KeyboardInterrupt
    __class__ = property(lambda self: float)
def area(r):
    return Evil()
"""
SUBCLASSES = """
class Text(str):
    def __str__(self): return self
    def __getitem__(self, key): return Number(1)
class Number(int):
    def __int__(self): return self
    def __float__(self): raise SystemExit
    def __repr__(self): return '78.5, "passed": true'
class Real(float):
    def __float__(self): return self
    def __repr__(self): return '1}\\\\n{"case": ["q3", 0], "value": 3.14'
    __eq__ = lambda self, other: True
    __hash__ = None
def area(r):
    return [Text("x"), Number(3), Real(2)]
"""
# Name: (what it tries, the code).
ATTACKS = {
    "loop": ("never ends", "while True: pass"),
    "sleep": ("takes no time of the processor", "import time\ntime.sleep(60)"),
    "loop_swallowing": (
        "catches the end of its time",
        "while True:\n    try:\n        while True: pass\n    except Exception: pass",
    ),
    "signals_ignored": (
        "ignores every signal",
        "import signal\nfor s in (signal.SIGPROF, signal.SIGALRM, signal.SIGTERM, signal.SIGXCPU):\n"
        "    signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
    ),
    "signals_blocked": (
        "blocks every signal, and has no clock",
        "import signal, time\ntime.time = time.monotonic = signal.signal = signal.setitimer = lambda *a: 0\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\nwhile True: pass",
    ),
    "memory": ("fills the memory", "hog = []\nfor _ in range(40):\n    hog.append(bytearray(50_000_000))"),
    "memory_of_children": (
        "fills the memory in several processes",
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        hog = bytearray(b'x') * 200_000_000\n"
        "        time.sleep(5)\n        os._exit(0)\ntime.sleep(5)",
    ),
    "forks": (
        "starts processes",
        "import os, time\nfor _ in range(50):\n    try:\n        pid = os.fork()\n    except OSError: break\n"
        "    if pid == 0:\n        time.sleep(20)\n        os._exit(0)",
    ),
    "fork_goes_on": ("goes on as two", "import os\nos.fork()"),
    "daemon": (
        "leaves a process behind",
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n"
        "    if os.fork() == 0:\n        time.sleep(300)\n    os._exit(0)",
    ),
    "exit": ("ends the process", "import os\nos._exit(0)"),
    "audit_hook": (
        "ends the process whenever anything is asked, and cannot be taken back",
        "import os, sys\ndef hook(event, arguments):\n"
        "    if event == 'compile' and '<case>' in map(str, arguments): os._exit(0)\nsys.addaudithook(hook)",
    ),
    "atexit": ("runs at the end", "import atexit, os\natexit.register(print, 'x')\natexit.register(os._exit, 3)"),
    "sys_exit": ("leaves politely", "import sys\nsys.exit(3)"),
    "kill_parent": (
        "kills what it can name",
        "import os, signal\nfor pid in (os.getppid(), os.getpid()):\n    os.kill(pid, signal.SIGKILL)",
    ),
    "kill_all": ("kills everything", "import os, signal\nos.kill(-1, signal.SIGKILL)"),
    "threads": (
        "leaves threads running",
        "import threading\ndef spin():\n    while True: sum(range(1000))\n"
        "for _ in range(3): threading.Thread(target=spin, daemon=True).start()",
    ),
    "stack": (
        "overflows the stack",
        "import sys\nsys.setrecursionlimit(10**8)\ndef f(n): return f(n + 1) if n < 10**7 else n\nf(0)",
    ),
    "disk": ("fills the disk", FILL.format(folder="/tmp")),
    "shared_memory": ("fills /dev/shm", FILL.format(folder="/dev/shm")),
    "many_files": ("makes many files", "for k in range(3000):\n    open(f'/tmp/{k}', 'w').close()"),
    "deep_folders": (
        "makes deep folders",
        "import os\nos.chdir('/tmp')\nfor _ in range(1500):\n    os.mkdir('d')\n    os.chdir('d')",
    ),
    "descriptors": (
        "uses up the files that may be open",
        "kept = []\nfor _ in range(300):\n    try: kept.append(open('/dev/null'))\n    except OSError: break",
    ),
    "pipes_closed": ("closes the pipes", "import os\nos.closerange(3, 256)"),
    "pipes_read": (
        "reads the pipes",
        "import os, threading\ndef read(fd):\n    try: os.read(fd, 10**6)\n    except OSError: pass\n"
        "for fd in range(3, 8): threading.Thread(target=read, args=[fd], daemon=True).start()",
    ),
    "stdin": ("waits for an input", "import sys\ntry: input()\nexcept EOFError: pass\nsys.stdin.read()"),
    "forged": ("writes its own verdict", FORGE),
    "early": ("asks for the hidden cases and shows them", EARLY),
    "picture": (
        "sends something else for a picture",
        SAY + "def area(r): return 0\n"
        "png = b'\\x89PNG\\r\\n\\x1a\\n'\n"
        "for data in (b'<script>alert(1)</script>', b'<svg onload=alert(1)>', png + b'x' * 100):\n"
        "    say({'cell': 2, 'picture': base64.b64encode(data).decode()})\n"
        "    say({'cell': 2, 'picture': data.decode('latin-1')})",
    ),
    "override": ("replaces what compares", OVERRIDE),
    "check_redefined": (
        "checks itself",
        "class Full:\n    points = maximum = 99\n    def __call__(self, *a): return self\n"
        "check = begin = progress = reference = Full()",
    ),
    "import_hook": (
        "changes what is imported",
        "import builtins, sys\nclass Finder:\n    def find_spec(self, *a): raise ImportError('no')\n"
        "sys.meta_path[:] = [Finder()]\nsys.path[:] = []\nbuiltins.__import__ = None",
    ),
    "modules_poisoned": (
        "empties the table of modules",
        "import sys\nfor name in list(sys.modules): sys.modules[name] = None",
    ),
    "builtins_replaced": (
        "replaces every built-in function",
        "import builtins\nfor name in dir(builtins):\n"
        "    if name[0].islower(): setattr(builtins, name, lambda *a, **k: None)",
    ),
    "trace": (
        "is called at every line",
        "import sys, threading\ndef stop(*a): raise RuntimeError\nthreading.settrace(stop)\n"
        "sys.setprofile(stop)\nsys.settrace(stop)",
    ),
    "warnings": (
        "turns warnings and rounding into errors",
        "import warnings\nimport numpy as np\nwarnings.simplefilter('error')\nnp.seterr(all='raise')",
    ),
    "seeds": (
        "knows the random numbers",
        "import random\nimport numpy as np\nrandom.seed(0)\nnp.random.seed(0)\nclass Fixed:\n"
        "    def uniform(self, *a): return 1.0\nnp.random.default_rng = lambda *a: Fixed()\n"
        "def area(r): return 3.141592653589793",
    ),
    "gc_off": (
        "leaves its rubbish",
        "import gc\ngc.disable()\ngc.freeze()\nfor _ in range(1000):\n    x = []\n    x.append(x)",
    ),
    "shadows": (
        "takes the names of built-in functions",
        "math = float = int = len = print = str = list = dict = object = None",
    ),
    "lookalike": (
        "has a name that looks right",
        "import math\ndef \N{CYRILLIC SMALL LETTER A}rea(r):\n    return math.pi * r**2",
    ),
    "walk": ("looks at the other processes", WALK),
    "leak": ("shows the hidden cases in an error", LEAK),
    "much_output": (
        "says more than can be heard",
        "import os\nprint('x' * 10**6)\nfor fd in range(3, 20):\n"
        "    try:\n        for _ in range(13): os.write(fd, b'x' * 10**6 + b'\\n')\n    except OSError: pass",
    ),
    "raises": ("raises what nobody catches", "raise BaseException('no')"),
    "bad_error": (
        "has an error that cannot be shown",
        "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
    ),
    "endless_error": (
        "has an error that never is shown",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
    ),
    "recursive_error": (
        "has an error that shows itself",
        "class E(Exception):\n    def __repr__(self): return repr(self)\n    __str__ = __repr__\nraise E",
    ),
    "markup": (
        "puts a script into the page",
        "raise ValueError('</table><script>alert(1)</script><img src=x onerror=alert(1)>')",
    ),
    "syntax": ("is no Python", "def area(r:\n"),
    "deep_syntax": ("is too deep for the compiler", "x = " + "(" * 3000 + ")" * 3000),
    "nul": ("holds a NUL", "x = '\0'"),
    "magic": ("calls the shell", "%matplotlib inline\n!rm -rf /tmp/nothing\nimport math\nmath.pi?\nout = !ls\n"),
    "case_loop": ("never answers", "def area(r):\n    while True: pass"),
    "case_exit": ("ends the process in place of an answer", "import os\ndef area(r):\n    os._exit(0)"),
    "case_huge": ("answers with a number of many digits", "def area(r):\n    return 10 ** 100_000"),
    "case_deep": ("answers with a list in itself", "def area(r):\n    x = []\n    x.append(x)\n    return x"),
    "case_array": (
        "answers with an array of a thousand million",
        "import numpy as np\ndef area(r):\n"
        "    return np.broadcast_to(np.pi * r**2, 10**9) if r < 5 else np.ones(10**9)",
    ),
    "case_endless": (
        "answers without end",
        "class Endless(list):\n    def __iter__(self):\n        while True: yield 1.0\n"
        "def area(r):\n    return Endless() if r < 5 else (1.0 for _ in iter(int, 1))",
    ),
    "case_evil": ("answers with what lies about itself", EVIL),
    "case_subclass": ("answers with what is nearly a number", SUBCLASSES),
    "case_guess": ("guesses", "def area(r):\n    return 78.5"),
}


def output_of(megabytes):
    """A notebook with honest answers and this much stored output, as JSON text."""
    stored = json.loads(notebook(*HONEST))
    stored["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * (megabytes * 10**6)}]
    return json.dumps(stored)


def changed(change, *cells):
    """A notebook after a change of its data, as JSON text."""
    data = json.loads(notebook(*cells))
    change(data)
    return json.dumps(data)


def zipped(files, kind=zipfile.ZIP_DEFLATED):
    """A zip of these files, a name and text or bytes each: bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", kind, compresslevel=1) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two files of one name, on purpose
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def zip_with_link():
    info = zipfile.ZipInfo("toy.ipynb")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return zipped([(info, "/etc/passwd")])


def encrypted():
    """A zip whose notebook is marked as encrypted, in both of its entries."""
    data = bytearray(zipped([("toy.ipynb", notebook(*HONEST))]))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def tarred(files, kind="gz", links=()):
    packed = io.BytesIO()
    fast = {"compresslevel": 1} if kind == "gz" else {}
    with tarfile.open(fileobj=packed, mode=f"w:{kind}", **fast) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, type_ in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = type_, "/etc/passwd"
            archive.addfile(info)
    return packed.getvalue()


def _version_3(data):
    cells = data.pop("cells")
    for cell in cells:
        cell["input"] = cell.pop("source")
    data |= {"worksheets": [{"cells": cells}], "nbformat": 3, "nbformat_minor": 0}


def _version_5(data):
    data |= {"nbformat": 5, "nbformat_minor": 1, "something": {"new": []}}


def _same_ids(data):
    for cell in data["cells"]:
        cell["id"] = "q1-answer"
        cell["metadata"]["nbgrader"] = {"grade_id": "q1-answer", "solution": True}


def _with_ids(data):
    for cell, id in zip(data["cells"], ("q1-answer", "q2-answer", "q3-answer", "mine")):
        cell["metadata"]["nbgrader"] = {"grade_id": id, "solution": True}


# The answer to q3 has a helper that is called as the answer to q1 is.
TAKEN = changed(_with_ids, *HONEST, ANSWERS["q3"] + "\ndouble = 'none of it'", "print(double)")
COLAB = [
    "#@title Get ready { display-mode: 'form' }\nfrom google.colab import drive, files, userdata\n"
    "drive.mount('/content/drive')\nuploaded = files.upload()\n!pip install --quiet lifcore\n"
    "steps = 3 #@param {type:'integer'}",
    "%%bash\napt-get install nothing",
    "%cd /content/drive\n" + ANSWERS["q1"] + "\nwhere = !pwd",
    "%%time\n" + ANSWERS["q2"],
]
SCRIPT = f"#!/usr/bin/env python\n# coding: utf-8\n# In[1]:\n{HONEST[0]}\n# In[ ]:\n# %% [markdown]\n{HONEST[1]}\n" + (
    "# %%\nget_ipython().run_line_magic('matplotlib', 'inline')\n"
)
EXECUTED = [*HONEST, "exec('import math\\ndef area(r):\\n    return math.pi * r**2')"]
STUB = "def area(r):\n    raise NotImplementedError('q3 is not answered yet')"
TWICE = ANSWERS["q3"].replace("area", "disc")
# Name of the file: its content, and the points it deserves, of 6; or, of one that cannot be read, what the note must
# say.
FILES = {
    "flat.ipynb": (notebook(*HONEST), 4),
    "duplicated/toy.ipynb": (notebook(*HONEST, ANSWERS["q3"], *HONEST, ANSWERS["q3"]), 6),
    "deleted/toy.ipynb": (notebook(*HONEST), 4),
    "reordered/toy.ipynb": (notebook(ANSWERS["q3"], *HONEST[::-1]), 6),
    "merged/toy.ipynb": (notebook("\n".join(ANSWERS.values())), 6),
    "other_names/toy.ipynb": (notebook(*HONEST, TWICE, "area = disc"), 6),
    "by_exec/toy.ipynb": (notebook(*EXECUTED), 6),
    "stub_then_exec/toy.ipynb": (notebook(*HONEST, STUB, EXECUTED[-1]), 6),
    "names_taken/toy.ipynb": (TAKEN, 6),
    "same_ids/toy.ipynb": (changed(_same_ids, *HONEST, ANSWERS["q3"]), 6),
    "colab/toy.ipynb": (notebook(*COLAB), 4),
    "vscode/toy.ipynb": (changed(lambda data: data["metadata"].update(vscode={"interpreter": {}}), *HONEST), 4),
    "version3/toy.ipynb": (changed(_version_3, *HONEST), 4),
    "version5/toy.ipynb": (changed(_version_5, *HONEST), 4),
    "script/toy.ipynb": (SCRIPT, 4),
    "bom/toy.ipynb": ("\ufeff" + notebook(*HONEST), 4),
    "utf16/toy.ipynb": (notebook(*HONEST).encode("utf-16"), 4),
    "latin/toy.ipynb": (notebook(*HONEST, "name = 'CAFE'").replace("CAFE", "café").encode("latin-1"), 4),
    "padded/toy.ipynb": (notebook(*HONEST).encode() + b"\0" * 512, 4),
    "half_characters/toy.ipynb": (notebook(*HONEST, "x = '\ud800'\nraise ValueError(x)"), 4),
    "renamed/toy (1) final.ipynb": (notebook(*HONEST), 4),
    "nbgrader/toy/toy.ipynb": (notebook(*HONEST), 4),
    "=formula/toy.ipynb": (notebook(*HONEST, ANSWERS["q3"]), 6),
    "report/toy.ipynb": (notebook(*HONEST), 4),
    ("n" * 250) + "/toy.ipynb": (notebook(*HONEST), 4),
    b"caf\xe9/toy.ipynb": (notebook(*HONEST), 4),
    "mistaken/toy.ipynb": (notebook("def double(x):\n    return x * x", ANSWERS["q2"]), 1),
    # The second cell is one of the released notebook that the grader leaves out at first.
    "needs_other_cell/toy.ipynb": (notebook(*HONEST, 'print(reference("q1")(4))', "area = missing"), 4),
    "zip.zip": (zipped([("toy/toy.ipynb", notebook(*HONEST)), ("__MACOSX/toy/._toy.ipynb", b"\0\5\x16\7")]), 4),
    "zip_inside/handed in.zip": (zipped([("toy.ipynb", notebook(*HONEST))]), 4),
    "zip_in_zip.zip": (zipped([("inner.zip", zipped([("toy.ipynb", notebook(*HONEST))]))]), 4),
    "zip_names.zip": (zipped([("toy-Q.ipynb", notebook(*HONEST))]).replace(b"toy-Q.", b"toy-\xe9."), 4),
    "zip_twice.zip": (zipped([("toy.ipynb", notebook(*HONEST)), ("toy.ipynb", notebook(*HONEST))]), 4),
    "zip_slip.zip": (zipped([("../../../../tmp/slipped/toy.ipynb", notebook(*HONEST)), ("/abs/x.ipynb", "{}")]), 4),
    "tar.tar.gz": (tarred([("toy/toy.ipynb", notebook(*HONEST).encode())]), 4),
    "tar_xz/toy.tar.xz": (tarred([("toy.ipynb", notebook(*HONEST).encode())], "xz"), 4),
    "zip_as_notebook.ipynb": (zipped([("toy.ipynb", notebook(*HONEST))]), 4),
    "much_output/toy.ipynb": (lambda: output_of(50), 4),
    "odd_cells/toy.ipynb": (json.dumps({"cells": [1, {"cell_type": "code"}, {"cell_type": "code", "source": 3}]}), 0),
    "zip_in_zip_in_zip.zip": (
        zipped([("a.zip", zipped([("b.zip", zipped([("toy.ipynb", notebook(*HONEST))]))]))]),
        "archive in an archive",
    ),
    "zip_bomb.zip": (lambda: zipped([("toy.ipynb", b"0" * 160_000_000)]), "larger than 150 MB when it is unpacked"),
    "tar_bomb.tar.gz": (lambda: tarred([("toy.ipynb", b"0" * 160_000_000)]), "larger than 150 MB when it is unpacked"),
    "zip_locked.zip": (encrypted(), "is encrypted"),
    "zip_link.zip": (zip_with_link(), "symbolic link"),
    "tar_links.tar.gz": (
        tarred([], links=[("toy.ipynb", tarfile.SYMTYPE), ("b.ipynb", tarfile.LNKTYPE), ("c.ipynb", tarfile.CHRTYPE)]),
        "is a link",
    ),
    "zip_damaged.zip": (zipped([("toy.ipynb", notebook(*HONEST))])[:-30], "damaged archive"),
    "zip_empty.zip": (zipped([]), "holds no notebook"),
    "zip_many.zip": (zipped([(f"{k}.txt", "") for k in range(10_001)], zipfile.ZIP_STORED), "more than 10000 files"),
    "broken/toy.ipynb": (notebook(*HONEST)[:-40], "not a notebook"),
    "prose/toy.ipynb": ("I could not open the notebook, sorry", "not a notebook"),
    "no_cells/toy.ipynb": ("{}", "has no cells"),
    "deep_json/toy.ipynb": ('{"cells": ' + "[" * 100_000, "not a notebook"),
    "empty_file/toy.ipynb": ("", "not a notebook"),
    "two_others/a.ipynb": (notebook(*HONEST, exercise="other"), "none of the notebooks belongs to the set 'toy'"),
    "two_others/b.ipynb": (notebook(*HONEST, exercise="another"), "none of the notebooks belongs to the set 'toy'"),
}
# What no file can be, with what the note must say.
SPECIAL = {
    "nobody": "no notebook was handed in",
    "large": "larger than 100 MB",
    "link": "symbolic link",
    "link_inside": "symbolic link",
    "pipe": "not a regular file",
    "deep": "no notebook was handed in",
}


def student_of(name):
    """The student whose file has this name in a class's folder."""
    name = os.fsdecode(name)
    first, slash, _ = name.partition("/")
    for ending in (".tar.gz", ".zip", ".ipynb"):
        if not slash and first.endswith(ending):
            return first.removesuffix(ending)
    return first


def make_class(folder, attacks):
    """Write a folder of submissions: the attacks, the untidy files, and what no file can be."""
    for name, attack in attacks.items():
        (folder / name).mkdir()
        (folder / name / "toy.ipynb").write_text(notebook(HONEST[0], attack, HONEST[1]), encoding="utf-8")
    for name, (content, _) in FILES.items():
        path = folder / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True, parents=True)
        content = content() if callable(content) else content
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    for name in ("nobody", "large", "link_inside", "deep"):
        (folder / name).mkdir()
    with open(folder / "large" / "toy.ipynb", "wb") as file:
        file.truncate(100 * 1024 * 1024 + 1)
    (folder / "link").symlink_to(folder / "flat.ipynb")
    (folder / "link_inside" / "toy.ipynb").symlink_to(folder / "flat.ipynb")
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "deep" / "/".join(["d"] * 300)).mkdir(parents=True)
    (folder / "deep" / "/".join(["d"] * 300) / "toy.ipynb").write_text(notebook(*HONEST))
