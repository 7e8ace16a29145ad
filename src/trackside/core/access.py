"""What a route needs of its caller.  Knows the levels; who has which is the business of `workspaces`."""

from enum import IntEnum


class Access(IntEnum):
    NONE = 0
    READ = 1
    EDIT = 2
    MANAGE = 3
