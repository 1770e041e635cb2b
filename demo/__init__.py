"""`make demo`: the whole product at work on a real cluster, each command shown before what it says."""
