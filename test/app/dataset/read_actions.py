"""Reads actions, states and stamps of a LeRobotDataset v3.0 with pandas.

usage: read_actions.py SET. It prints one JSON object.
"""

import json
import sys
from pathlib import Path

import pandas as pd

rows = pd.concat([pd.read_parquet(path) for path in sorted(Path(sys.argv[1]).glob('data/*/*.parquet'))])
columns = {key: [[float(value) for value in row] for row in rows[key]] for key in ('action', 'observation.state')}
print(json.dumps({**columns, 'stamp': [str(stamp) for stamp in rows['stamp']]}))
