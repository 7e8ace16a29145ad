/** The first rows of a Parquet file, by ranged reads of its footer and of the row groups that hold them. */

import type { Table } from "./table";

export const MAX_ROWS = 100;
export const MAX_COLUMNS = 100;

export interface Source {
  byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

export async function readParquet(file: Source): Promise<Table> {
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const metadata = await parquetMetadataAsync(file);
  const columns = parquetSchema(metadata)
    .children.map((child) => child.element.name)
    .slice(0, MAX_COLUMNS);
  const totalRows = Number(metadata.num_rows);
  const compressors = await decompressors(
    metadata.row_groups.flatMap((group) => group.columns.map((column) => column.meta_data?.codec ?? "UNCOMPRESSED")),
  );
  const rows = await parquetReadObjects({
    file,
    metadata,
    columns,
    rowStart: 0,
    rowEnd: Math.min(MAX_ROWS, totalRows),
    ...(compressors ? { compressors } : {}),
  });
  return { columns, rows: rows.map((row) => columns.map((column) => cellOf(row[column]))), totalRows };
}

/** Hyparquet reads plain and snappy by itself.  Its WebAssembly decoder of snappy is left out: the page's policy has none. */
async function decompressors(codecs: string[]) {
  if (codecs.every((codec) => codec === "UNCOMPRESSED" || codec === "SNAPPY")) return undefined;
  const { compressors } = await import("hyparquet-compressors");
  return Object.fromEntries(Object.entries(compressors).filter(([codec]) => codec !== "SNAPPY"));
}

export function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
  if (typeof value === "object") {
    return JSON.stringify(value, (_, each: unknown) => {
      if (typeof each === "bigint") return each.toString();
      if (each instanceof Uint8Array) return `${each.length} bytes`;
      return each;
    });
  }
  return String(value as string | number | boolean | bigint);
}
