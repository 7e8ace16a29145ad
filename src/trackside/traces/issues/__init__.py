"""Problems that were found in traces."""
