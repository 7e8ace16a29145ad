export default {
  title: "Go to a page or run an action",
  placeholder: "Run, model, experiment, page or action; > for actions only",
  sections: { recent: "Recent", actions: "Actions", pages: "Pages", found: "Found" },
  help: "Keyboard",
  letters: "Use single-letter shortcuts",
  everywhere: "On this page",
  escape: "Close the topmost dialog or menu",
  table: "In the table",
  tableKeys: [
    "Move between rows",
    "Next and previous row",
    "First and last column",
    "A page up and down",
    "Select the row",
    "Extend the selection",
    "Open the row",
  ] as readonly string[],
};
