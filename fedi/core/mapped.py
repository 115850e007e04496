"""Memory that only shows what is in files: the code of Python and of the libraries it loads.

Starting runs through far more of it than serving does, and what was touched once stays mapped:
12 MB of a node at rest.  Unmapped, it remains in the system's cache of files; what is used after
all is mapped again from there, 64 kB at a time.

This makes no room that the system could not make by itself, since it may drop such pages
whenever it needs room.  But a page nobody maps is dropped before one that looks in use, where
memory is short, and what counts the memory of a process counts what the process uses.
"""

import ctypes
import re
from pathlib import Path

_SMAPS = Path("/proc/self/smaps")
#: Beginning and end of a mapping of a file that cannot be written through, and what it says of it.
_MAPPING = re.compile(
    rb"^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ [1-9][0-9]* +/.*\n((?:[A-Z].*\n)*)", re.MULTILINE
)
#: No page of it is this process's own, neither in memory nor put away in the swap.
_ALL_OF_THE_FILE = re.compile(rb"^Anonymous: +0 kB$.*^Swap: +0 kB$", re.MULTILINE | re.DOTALL)
_MADV_DONTNEED = 4  # of Linux, on all processors but Alpha's


def unmap_what_is_in_files() -> None:
    """Take the pages that are as they are in their files out of this process, on Linux.

    Nothing is lost: a mapping with a page of its own (relocated when it was loaded, or changed
    by a debugger) is left alone, and in the others nobody can write.
    """
    try:
        mappings = _SMAPS.read_bytes()
    except OSError:
        return
    advise = ctypes.CDLL(None).madvise
    for mapping in _MAPPING.finditer(mappings):
        if _ALL_OF_THE_FILE.search(mapping[3]):
            begin, end = int(mapping[1], 16), int(mapping[2], 16)
            advise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), _MADV_DONTNEED)
