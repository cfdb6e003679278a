// Notices columns that the settings name and no row has: a misspelt one would leave out what it holds without a word.
import { comparableWord } from "./plan-type-words.js";
import { otherNames } from "./row-fields.js";
import { isFlatRow } from "./upload-row.js";
import { uploadFields, type UploadField, type UploadMapping } from "./upload-mapping.js";

export interface UnseenColumn {
  readonly field: UploadField;
  /** As the settings name it; our own name of the field when they do not. */
  readonly column: string;
}

export interface ColumnWatch {
  /** Takes each input; what is no flat row is left alone. */
  see(input: unknown): void;
  /** Empty when no flat row came. */
  unseen(): readonly UnseenColumn[];
}

/** Without one of its own name, or one alike, no plan of the whole file can end. */
const expectedInHeader: readonly UploadField[] = ["endDate"];

interface Expected extends UnseenColumn {
  readonly names: readonly string[];
}

function expectedColumns(columns: NonNullable<UploadMapping["columns"]>, hasHeader: boolean): readonly Expected[] {
  return uploadFields.flatMap((field): readonly Expected[] => {
    const column = columns[field];
    if (column !== undefined) return [{ field, column, names: [comparableWord(column)] }];
    if (!hasHeader || !expectedInHeader.includes(field)) return [];
    return [{ field, column: field, names: [comparableWord(field), ...(otherNames[field] ?? [])] }];
  });
}

/**
 * `header`: the names of all columns, where they are known. Rows often leave out columns without a value, so that with
 * a header fewer are missed.
 */
export function createColumnWatch(mapping: UploadMapping, header: readonly string[] | undefined): ColumnWatch {
  const examined = new Set<string>();
  let missing = expectedColumns(mapping.columns ?? {}, header !== undefined);
  let hasRows = false;

  function examine(name: string): void {
    if (examined.has(name)) return;
    examined.add(name);
    const comparable = comparableWord(name);
    missing = missing.filter(({ names }) => !names.includes(comparable));
  }

  for (const name of header ?? []) examine(name);
  return {
    see(input): void {
      if (missing.length === 0 || !isFlatRow(input)) return;
      hasRows = true;
      for (const name of Object.keys(input)) examine(name);
    },
    unseen: () => (hasRows ? missing.map(({ field, column }) => ({ field, column })) : []),
  };
}
