"""Counts words that promise something, and links.

python count_words.py
"""

from __future__ import annotations

import re

import metasql

PROMISE = re.compile(r"\b(free|win|winner|cheap|claim|prize|cash|rich|earn|offer|congratulations)\b", re.IGNORECASE)

with metasql.Project.load(".").connect() as warehouse:
    todo = warehouse.increment("message/words", limit=10_000).to_dicts()
    done = [
        {
            "message_id": message["message_id"],
            "promises": len(PROMISE.findall(message["text"])),
            "links": message["text"].count("http://"),
            "metasql_receipt": message["metasql_receipt"],
        }
        for message in todo
    ]
    warehouse.commit("message/words", done)

print(f"{len(done)} messages read")
