// Which files of a folder belong together: data and its control file have one base name.
import { definedOnly } from "../../defined-only.js";
import type { FolderEntry } from "./folder-files.js";

/** Names as the folder has them, never put together from what a file says. */
export interface Pair {
  readonly baseName: string;
  readonly control: FolderEntry;
  readonly data?: FolderEntry;
}

const extensionPattern = /^(.+)\.(ctl|dat)$/i;

export function baseNameOf(name: string, extension: "ctl" | "dat"): string | undefined {
  const match = extensionPattern.exec(name);
  return match?.[2]?.toLowerCase() === extension ? match[1] : undefined;
}

/** One for each control file. */
export function pairsOf(entries: readonly FolderEntry[]): readonly Pair[] {
  const data = new Map(entries.map((entry) => [baseNameOf(entry.name, "dat"), entry]));
  return entries.flatMap((control) => {
    const baseName = baseNameOf(control.name, "ctl");
    if (baseName === undefined) return [];
    const partner = data.get(baseName);
    return [{ baseName, control, ...definedOnly({ data: partner }) }];
  });
}

/** Data without a control file. */
export function orphansOf(entries: readonly FolderEntry[], pairs: readonly Pair[]): readonly FolderEntry[] {
  const paired = new Set(pairs.map(({ data }) => data?.name));
  return entries.filter(({ name }) => baseNameOf(name, "dat") !== undefined && !paired.has(name));
}

/** Changes when a file of the pair does, or when the data comes. */
export function signatureOf({ control, data }: Pair): string {
  return `${control.signature} ${data?.signature ?? ""}`;
}
