"""What each command is for, in a sentence: `metasql --help` says it without loading any of them."""

from __future__ import annotations

SUMMARIES = {
    "build": "Seed, run and test, in the order of the graph.",
    "clean": "Empty the target folder; warehouses stay.",
    "commit": "Take results back, all rows or none.",
    "compile": "Write the SQL of every relation to target/compiled.",
    "debug": "Check versions, project, profile and warehouse.",
    "delete": "Delete samples by hand.",
    "diff": "Say which features and fields are declared otherwise, and why.",
    "explain": "Explain an error: why it is one, and what to do.",
    "history": "Show what happened, in all or to one sample.",
    "increment": "Hand out what is to be computed for a feature.",
    "init": "Start a small project that works.",
    "lineage": "Show what a field is made of, and where the SQL says so.",
    "lock": "Write code versions that are read from SQL to metasql.lock.",
    "ls": "List features, seeds and sources, or assertions.",
    "parse": "Read the project, and check it without a warehouse.",
    "plan": "Say what a run would compute, and what that costs.",
    "rebase": "Accept stored samples of KEY under the present definition.",
    "retry": "Go on from what failed or was skipped in the last command.",
    "retry-samples": "Forget errors, so that their samples are handed out again.",
    "run": "Compute what is new or stale.",
    "run-operation": "Call a macro, and execute the SQL that it gives.",
    "seed": "Load the seeds: small CSV files of the project.",
    "serve-commits": "Hand out increments and commit results for other processes.",
    "show": "Preview a feature, a seed, or a query over them.",
    "source": "Say how old the newest row of each source is.",
    "status": "Count what is to be done, and say why.",
    "test": "Check the assertions: SELECTs that must return no rows.",
    "vacuum": "Remove deleted samples for good.",
    "verify": "Compare each increment with the one over all samples.",
    "why": "Explain why a sample is stale, new or settled.",
}
"""The first sentence of a command's help. Of a command that is not here, the command itself is asked."""
