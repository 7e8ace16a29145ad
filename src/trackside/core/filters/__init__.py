"""The filter language and the ordering of searches: text to a filter, a filter to SQL or to an answer in Python."""
