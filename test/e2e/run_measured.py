"""Runs programs one after the other: `run_measured.py < JSON list of commands`.

It prints [exit code, CPU seconds, most memory (MB), output] of each.
"""

import json
import os
import subprocess
import sys
import tempfile

told = []
for command in json.load(sys.stdin):
    with tempfile.TemporaryFile('w+') as said:
        process = subprocess.Popen(
            ['timeout', '90', *command], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        said.seek(0)
        told.append(
            [os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, said.read()]
        )
print(json.dumps(told))
