"""Alert rules of a workspace: thresholds over what the server measures, and over how often events happen."""
