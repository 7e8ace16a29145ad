export default {
  at: "Time",
  entity: "Kind",
  object: "Object",
  action: "What happened",
  user: "By",
  detail: "Detail",
};
