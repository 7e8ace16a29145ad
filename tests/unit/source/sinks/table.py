"""Each place where text becomes a path, a URI, a host, SQL, a header, a log line or a process; and what checks that text.

A place that is missing here fails the test.  Before it is added, answer: can a caller or a remote choose this text?  If so,
name the one function that checks it; else say whose it is.
"""

from unit.source.sinks import addresses, paths, texts

REVIEWED = [*paths.REVIEWED, *addresses.REVIEWED, *texts.REVIEWED]
