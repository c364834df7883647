"""Distils a policy into the size that ships: `python policy/training/distil.py --teacher RUN --data DIR --out RUN2`.

The student sees the demonstrations, and the answers of its teacher to the same observations: soft targets at a
temperature of 5, with a share of 0.7 of the objective. This is train.py with a teacher, and takes the same options.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from train import main

if __name__ == '__main__':
    if not any(option.split('=')[0] in ('--teacher', '-h', '--help') for option in sys.argv[1:]):
        raise SystemExit('distil.py: name the teacher: --teacher RUN, a run folder of train.py (its own: --size large)')
    main()
