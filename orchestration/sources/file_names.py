"""A delivered file's name as messages, ledgers and quarantine have it.

Any bytes may be a file's name, and a program on Windows writes Chinese ones in GB18030; a ledger and a message are
UTF-8. A person's file is often called after their number, which stands in none of them.
"""

from __future__ import annotations

import re

# An id number of either generation, or a mobile phone.
_SOMEBODYS_NUMBER = re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)", re.ASCII)
# A name with a line break in it would make two lines of a message's one.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def shown_file_name(path: str) -> str:
    """`path` as the operating system gave it (undecodable bytes as lone surrogates), fit to be told."""
    readable = "/".join(map(_readable, path.split("/")))
    return _CONTROL.sub("?", _SOMEBODYS_NUMBER.sub("***", readable))


def _readable(name: str) -> str:
    data = name.encode("utf-8", "surrogateescape")
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "backslashreplace")
