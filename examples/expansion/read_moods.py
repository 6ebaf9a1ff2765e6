"""Says how sentences feel: it counts words that are glad or sorry.

python read_moods.py
"""

from __future__ import annotations

import re

import metasql

WORTH = {"glad": 2, "thank": 1, "works": 1, "quiet": 1, "loud": -1, "broken": -2}

with metasql.Project.load(".").connect() as warehouse:
    todo = warehouse.increment("sentence/mood").to_dicts()
    for sentence in sorted(todo, key=lambda sentence: (sentence["letter_id"], sentence["place"])):
        print(f"read: {sentence['words']}")
    warehouse.commit(
        "sentence/mood",
        [
            {
                "letter_id": sentence["letter_id"],
                "place": sentence["place"],
                "mood": sum(WORTH.get(word, 0) for word in re.findall("[a-z]+", sentence["words"].lower())),
                "metasql_receipt": sentence["metasql_receipt"],
            }
            for sentence in todo
        ],
    )

print(f"{len(todo)} sentences read")
