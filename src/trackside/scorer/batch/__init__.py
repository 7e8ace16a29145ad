"""Score a table with a model: `python <folder of the scorer> batch ORDER`.

`order` says what to score, `inputs` splits the table into units, `rows` scores the rows of a unit, `parts` writes what came out,
and `main` runs a pool of processes that each load the model once.  A unit that was written is never scored again, so a run that
was killed goes on where it was.
"""
