"""Stands for a job that trains a voice on all clips of a speaker: its model is what it was trained on.

python train_voices.py
"""

from __future__ import annotations

import metasql

with metasql.Project.load(".").connect() as warehouse:
    todo = warehouse.increment("speaker/voice").to_dicts()
    done = [
        {
            "speaker": person["speaker"],
            "model": f"{person['speaker']}({person['sounds']})",
            "metasql_receipt": person["metasql_receipt"],
        }
        for person in todo
    ]
    warehouse.commit("speaker/voice", done)

for voice in sorted(done, key=lambda voice: voice["speaker"]):
    print(f"trained {voice['model']}")
print(f"{len(done)} voices trained")
