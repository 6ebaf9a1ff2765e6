"""Trains a model on a version of the dataset, and registers it.

python train.py 1
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sklearn.linear_model import LogisticRegression

import metasql

INPUTS = ("letters", "capitals", "shouts", "digits", "promises", "links")
version = int(sys.argv[1])


def numbers(rows: list[dict[str, Any]]) -> tuple[list[list[float]], list[bool]]:
    """What the model reads, and what it should say."""
    return [[float(row[name]) for name in INPUTS] for row in rows], [row["is_spam"] for row in rows]


with metasql.Project.load(".").connect() as warehouse:
    # A version never changes: who trains on it again trains on the same rows, in the same order.
    train = warehouse.dataset("spam_train", version, split="train").to_dicts()
    test = warehouse.dataset("spam_train", version, split="test").to_dicts()
    model = LogisticRegression(max_iter=1_000).fit(*numbers(train))
    right = model.score(*numbers(test))

    place = Path(f"target/models/on_v{version}.json")
    place.parent.mkdir(parents=True, exist_ok=True)
    weights = dict(zip(INPUTS, model.coef_[0].tolist(), strict=True))
    place.write_text(json.dumps({"weights": weights, "bias": float(model.intercept_[0])}))

    made = warehouse.register_model(
        "spam", dataset=("spam_train", version), metrics={"accuracy": round(right, 2)}, uri=str(place)
    )

print(f"model spam {made.version}: {len(train)} messages read, {right:.0%} of {len(test)} others told right")
