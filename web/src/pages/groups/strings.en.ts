export default {
  find: "Find a name",
  add: "New group",
  none: "No groups yet",
  hint: "A group has members and roles. Each member may do what the roles of the group allow.",
  noneFound: (text: string) => `No name contains “${text}”`,
  displayName: "Shown name",
  members: "Members",
  groupName: "Group name",
  groupNameHint: "For single sign-on, the name that the identity provider gives the group.",
  create: "Create",
  createdGroup: (name: string) => `Created the group ${name}`,
};
