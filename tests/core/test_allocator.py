"""Freed memory is kept.

Tensors of 64 MiB, which the C library always returns unless told otherwise. Each is a little
smaller than the one before, so that it fits where that one was, whatever lies behind.
"""

import os
import subprocess
import sys

import pytest

FAULTS = """
import resource
import torch
from fame.core.allocator import keep_freed_memory

def faults(number):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(16 * 2**20 - 1024 * number)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

returned = min(map(faults, range(5)))
keep_freed_memory()
print(returned, min(map(faults, range(5))))
"""


@pytest.mark.skipif("CS_GNU_LIBC_VERSION" not in os.confstr_names, reason="not the GNU C library")
def test_a_freed_tensor_leaves_its_pages_to_the_next_one():
    command = [sys.executable, "-c", FAULTS]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    returned, kept = map(int, answer.stdout.split())
    assert returned > 100
    assert kept < returned / 10
