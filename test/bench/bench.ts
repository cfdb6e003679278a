// Measures everything beside its bare baseline of the same run and prints one table.
import { measureCodecs } from "./codecs.js";
import { measureDurableQueries } from "./durable-queries.js";
import { measureLoading } from "./loading.js";
import { printTable, type Row } from "./measure.js";
import { measureMessageLog } from "./message-log.js";
import { measureQueries } from "./queries.js";
import { measureSchemas } from "./schema.js";
import { measureStore } from "./store.js";
import { measureUploads } from "./uploads.js";

const parts: readonly (readonly [string, () => Promise<readonly Row[]> | readonly Row[]])[] = [
  ["codecs", measureCodecs],
  ["queries", measureQueries],
  ["durable-queries", measureDurableQueries],
  ["loading", measureLoading],
  ["store", measureStore],
  ["message-log", measureMessageLog],
  ["schema", measureSchemas],
  ["uploads", measureUploads],
];

async function main(): Promise<void> {
  const only = process.argv[2];
  const rows: Row[] = [];
  for (const [name, measure] of parts) {
    if (only === undefined || only === name) rows.push(...(await measure()));
  }
  const write = (line: string): boolean => process.stdout.write(`${line}\n`);
  write(`Node.js ${process.version}, ${process.platform} ${process.arch}`);
  printTable(rows, write);
}

void main();
