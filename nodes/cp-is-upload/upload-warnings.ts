// What an operator should look at in an upload that was taken all the same.
import type { Node, NodeMessageInFlow } from "node-red";
import type { UnseenColumn } from "../../lib/cpis/upload/rows/column-watch.js";
import type { WarnedRecord } from "../../lib/services/upload/upload-model.js";
import type { Words } from "../adapter/runtime/words.js";

export interface UploadWarnings {
  /** Columns that the settings name and no row has. */
  ofColumns(unseen: readonly UnseenColumn[]): void;
  /** Which warnings there were and how many of each; the records with them are on their way. */
  ofRecords(warned: readonly WarnedRecord[]): void;
  /** Once in the node's life: a message for each row, as the CSV node gives them unless it is told otherwise. */
  ofRowByRow(msg: NodeMessageInFlow): void;
}

function isOneOfMany(msg: NodeMessageInFlow): boolean {
  const parts: unknown = Reflect.get(msg, "parts");
  if (Array.isArray(msg.payload) || typeof parts !== "object" || parts === null) return false;
  const count: unknown = Reflect.get(parts, "count");
  const index: unknown = Reflect.get(parts, "index");
  return (typeof count === "number" && count > 1) || (typeof index === "number" && index > 0);
}

export function createUploadWarnings(node: Node, words: Words): UploadWarnings {
  let isRowByRowTold = false;
  return {
    ofColumns(unseen): void {
      const list = unseen.map(({ field, column }) => `"${column}" (${words(`column.${field}`)})`).join(", ");
      if (list !== "") node.warn(words("warning.columns", { list }));
    },
    ofRecords(warned): void {
      const counts = new Map<string, number>();
      for (const { code } of warned.flatMap(({ warnings }) => warnings)) counts.set(code, (counts.get(code) ?? 0) + 1);
      const list = [...counts].map(([code, count]) => `${code} (${count})`).join(", ");
      if (list !== "") node.warn(words("warning.records", { number: warned.length, list }));
    },
    ofRowByRow(msg): void {
      if (isRowByRowTold || !isOneOfMany(msg)) return;
      isRowByRowTold = true;
      node.warn(words("warning.rowByRow"));
    },
  };
}
