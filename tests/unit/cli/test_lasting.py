"""A process that keeps its imports to the end still collects its own garbage, and ends as its command says."""

from __future__ import annotations

import subprocess
import sys


def test_what_is_imported_is_not_looked_through_and_the_rest_is():
    code = """
import gc, weakref
from orchestration.lasting import imports_that_last

with imports_that_last():
    assert not gc.isenabled()
    import decimal, email.message, fractions
assert gc.isenabled() and gc.get_freeze_count() > 1_000

class Knot: pass
knot = Knot()
knot.itself = knot
gone = weakref.ref(knot)
del knot
assert gone() is not None
gc.collect()
print("gone" if gone() is None else "there")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "gone\n", "")


def test_an_import_that_fails_is_raised_and_garbage_is_collected_again():
    code = """
import gc
from orchestration.lasting import imports_that_last

try:
    with imports_that_last():
        import no_such_module
except ModuleNotFoundError:
    print(gc.isenabled())
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True\n", "")


def test_the_command_line_in_a_process_of_its_own_ends_with_its_commands_code():
    wrong = subprocess.run([sys.executable, "-m", "orchestration", "no-such-command"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "no-such-command" in wrong.stderr, wrong
