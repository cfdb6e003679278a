// Checking a file of 10,000 records by an organisation's own schemas, beside reading its XML strictly, and what memory it takes.
import fs from "node:fs";
import path from "node:path";
import { readSchemas } from "../../lib/schema/read-schemas.js";
import { createSchemaWitness } from "../../lib/schema/schema-witness.js";
import { parseXml } from "../../lib/xml/parse-xml.js";
import { children, schemaFiles, writeSchemas } from "../support/schema/sample-schemas.js";
import { median, row, type Row } from "./measure.js";

const count = 10_000;
const rounds = 5;
/** The validator holds a message some ten times over, and is a WebAssembly of its own. */
const mostMegabytes = 512;
const megabyte = 1024 * 1024;

async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Throws when a good file is not called valid, one wrong record among them is not found, or memory is not bounded. */
export async function measureSchemas(): Promise<readonly Row[]> {
  const records = Array.from({ length: count }, (_, index) => ({ birth: "20150314", family: `Test${index}` }));
  const bytes = children(records);
  const wrong = children([...records.slice(0, -1), { birth: "2015-03-14", family: "Test" }]);
  const folder = writeSchemas(schemaFiles);
  const workerFile = path.resolve(__dirname, "../support/schema/schema-worker.cjs");
  const witness = createSchemaWitness({ schemas: await readSchemas(folder), workerFile });
  const times: { readonly ours: number[]; readonly bare: number[] } = { ours: [], bare: [] };
  let most = 0;
  try {
    const before = process.memoryUsage().rss;
    const found = await witness.validate(wrong);
    if (found.kind !== "invalid" || found.total !== 1) throw new Error(`a wrong record is not found: ${found.kind}`);
    for (let round = 0; round < rounds; round += 1) {
      const validate = async (): Promise<void> => {
        const verdict = await witness.validate(bytes);
        if (verdict.kind !== "valid") throw new Error(`a good file is ${verdict.kind}`);
      };
      times.ours.push(await timed(validate));
      times.bare.push(await timed(() => parseXml(Buffer.from(bytes))));
      most = Math.max(most, (process.memoryUsage().rss - before) / megabyte);
    }
  } finally {
    await witness.close();
    fs.rmSync(folder, { recursive: true });
  }
  if (most > mostMegabytes) throw new Error(`the check took ${Math.round(most)} MB more`);
  return [
    row(`check ${count} records by schemas / reading them strictly`, "ms", median(times.ours), median(times.bare), "3"),
    row("memory more for that / size of the message", "MB", most, bytes.byteLength / megabyte, `${mostMegabytes} MB`),
  ];
}
