"""HTTP: routes, decoding, authorization and answers.  Imports no slice."""
