"""HTTP: routes, decoding, answers.  Knows no slice."""
