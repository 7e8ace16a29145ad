import { formatCount, plural } from "@/i18n/format";

const records = (count: number): string => `${formatCount(count)} ${plural(count) === "one" ? "record" : "records"}`;

export default {
  title: "Evaluation datasets",
  empty: "No evaluation datasets yet",
  emptyHint:
    'Select traces in the list and choose "Add to a dataset". Each trace becomes a record with inputs, outputs and expectations, which mlflow.genai.evaluate reads.',
  toList: "Go to the list of traces",
  name: "Name",
  records: "Records",
  changed: "Changed",
  created: "Created",
  createdBy: "Created by",
  count: records,
  first: (count: number) => `the first ${records(count)}`,
  all: "All datasets",
  datasetId: "dataset id",
  inputs: "Inputs",
  outputs: "Outputs",
  expectations: "Expectations",
  source: "Source",
  noRecords: "This dataset has no records",
  code: "Read it in Python",
  missing: "There is no such dataset",
  removeRecord: "Delete the record",
};
