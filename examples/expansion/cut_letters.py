"""Cuts letters into sentences.

python cut_letters.py
"""

from __future__ import annotations

import re

import metasql

SENTENCE = re.compile(r"[A-Z][^.]*\.")

with metasql.Project.load(".").connect() as warehouse:
    letters = sorted(warehouse.increment("sentence/cut").to_dicts(), key=lambda letter: letter["letter_id"])
    sentences = []
    for letter in letters:
        found = SENTENCE.findall(letter["text"])
        print(f"{letter['letter_id']}: {len(found)} sentences")
        sentences += [
            {
                "letter_id": letter["letter_id"],
                "place": place,
                "words": words,
                # Each child has the receipt of its letter.
                "metasql_receipt": letter["metasql_receipt"],
                # What downstream goes by: a sentence that reads as before is the same, whatever the letter was.
                "metasql_data_version__words": words,
            }
            for place, words in enumerate(found, 1)
        ]
    # Letters without a sentence were worked on, too.
    done = warehouse.commit("sentence/cut", sentences, inputs=letters)

print(f"{done.rows} sentences committed, {done.deleted} are gone")
