"""Distillation of a large policy into the size that ships: `python policy/distil.py --teacher RUN --data DIR --out RUN2`.

The student sees the demonstrations and what its teacher makes of the same observations: soft targets at a temperature of 5, with a share of
0.7 of the objective. All other options are those of train.py, which this is, with a teacher.
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
