"""Deletion of a workspace, or of all workspaces of a resource group, with everything in them."""
