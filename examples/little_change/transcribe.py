"""Writes down what is said in talks: it reads Morse code.

python transcribe.py
"""

from __future__ import annotations

import metasql

SIGNS = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
LETTERS = dict(zip(SIGNS.split(" "), "abcdefghijklmnopqrstuvwxyz", strict=True))


def words(sound: str) -> str:
    """Signs are parted by spaces, words by slashes."""
    return " ".join("".join(LETTERS[sign] for sign in word.split()) for word in sound.split("/"))


with metasql.Project.load(".").connect() as warehouse:
    todo = warehouse.increment("talk/transcript").to_dicts()
    done = [
        {"talk_id": talk["talk_id"], "words": words(talk["sound"]), "metasql_receipt": talk["metasql_receipt"]}
        for talk in todo
    ]
    warehouse.commit("talk/transcript", done)

for talk in sorted(done, key=lambda talk: talk["talk_id"]):
    print(f"{talk['talk_id']}: {talk['words']}")
print(f"{len(done)} transcribed")
