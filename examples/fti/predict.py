"""Says which messages are spam, with the model that each of them is to be judged by.

python predict.py        # all that are new or stale
python predict.py 5      # some of them
"""

from __future__ import annotations

import json
import math
import sys
from functools import cache
from pathlib import Path
from typing import Any

import metasql

limit = int(sys.argv[1]) if len(sys.argv) > 1 else None

with metasql.Project.load(".").connect() as warehouse:

    @cache
    def model(version: str) -> dict[str, Any]:
        """A model as train.py wrote it."""
        return json.loads(Path(warehouse.model("spam", version).uri).read_text())

    def judged(message: dict[str, Any]) -> dict[str, Any]:
        """The result for a message; its receipt says by which model it was made."""
        found = model(message["metasql_model__spam"])
        sum_ = found["bias"] + sum(weight * message[name] for name, weight in found["weights"].items())
        score = 1 / (1 + math.exp(-sum_))
        receipt = message["metasql_receipt"]
        return {"message_id": message["message_id"], "is_spam": score > 0.5, "score": score, "metasql_receipt": receipt}

    done = [judged(message) for message in warehouse.increment("message/verdict", limit=limit).to_dicts()]
    warehouse.commit("message/verdict", done)

print(f"{len(done)} messages judged, {sum(row['is_spam'] for row in done)} of them spam")
