"""Users, groups, service principals, and how they prove who they are."""
