"""Users, groups and service principals, and how they authenticate."""
