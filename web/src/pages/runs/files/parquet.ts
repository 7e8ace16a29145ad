/** Rows of the table as the columns of a Parquet file.  Pure. */
import { parseField } from "@/nouns/run/field";

type Cell = number | string | null;

export interface TableRows {
  /** One array for each attribute. */
  info: {
    run_id: string[];
    run_name: string[];
    experiment_id: string[];
    status: string[];
    user_id: string[];
    start_time: (number | null)[];
    end_time: (number | null)[];
  };
  fields: readonly string[];
  /** One array for each field. */
  cells: Cell[][];
  matching: number;
  total: number;
}

interface ParquetColumn {
  name: string;
  data: unknown[];
  type: "STRING" | "DOUBLE" | "TIMESTAMP";
  nullable: boolean;
}

/** Attributes first, under their names of the API; then a column for each field: metrics are DOUBLE, all else is text. */
export function columnsOf({ info, fields, cells }: TableRows): ParquetColumn[] {
  const text = (name: string, data: unknown[]): ParquetColumn => ({ name, data, type: "STRING", nullable: true });
  const time = (name: string, data: (number | null)[]): ParquetColumn => ({
    name,
    data: data.map((ms) => (ms === null ? null : new Date(ms))),
    type: "TIMESTAMP",
    nullable: true,
  });
  return [
    text("run_id", info.run_id),
    text("run_name", info.run_name),
    text("experiment_id", info.experiment_id),
    text("status", info.status),
    text("user_id", info.user_id),
    time("start_time", info.start_time),
    time("end_time", info.end_time),
    ...fields.map((name, at): ParquetColumn => {
      const data = cells[at] ?? [];
      const isNumber = parseField(name).kind === "metric";
      // NaN and the infinities come as words: JSON has no number for these.
      if (isNumber)
        return {
          name,
          data: data.map((value) => (value === null ? null : Number(value))),
          type: "DOUBLE",
          nullable: true,
        };
      return text(
        name,
        data.map((value) => (value === null ? null : String(value))),
      );
    }),
  ];
}
