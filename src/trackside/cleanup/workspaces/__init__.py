"""The deletion of a workspace, or of all workspaces of a resource group, with what is in them."""
