// Keeps the revocation lists of files at hand: read anew when a file changes, and warned of when the next one is overdue.
import { readFileSync, statSync } from "node:fs";
import { CpisError, isCpisError } from "../errors.js";
import { isOnList, readRevocationLists, type RevocationCheck, type RevocationList } from "./revocation.js";
import type { TlsMaterial } from "./tls-material.js";

export interface RevocationFilesOptions {
  /** PEM or DER, each of one list or, in PEM, of several. */
  readonly files: readonly string[];
  /** Whose lists they may be. */
  readonly ca: TlsMaterial["ca"];
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after so many milliseconds, and gives what cancels that. */
  after(milliseconds: number, callback: () => void): () => void;
  /** A file that cannot be read any more, once for each change of it, or a list that is overdue, once a day. */
  warn(error: CpisError): void;
  /** Between two looks at the files. Default 60,000. */
  readonly lookMilliseconds?: number;
}

export interface RevocationFiles extends RevocationCheck {
  close(): void;
}

const dayMilliseconds = 86_400_000;

interface KeptFile {
  readonly file: string;
  /** Changes with the file. */
  mark: string;
  lists: readonly RevocationList[];
}

/** A list may be replaced in the same second by one of the same size, so the inode counts too. */
function markOf(file: string): string {
  const { mtimeMs, size, ino } = statSync(file);
  return [mtimeMs, size, ino].join(" ");
}

function unusable(file: string, error: unknown): CpisError {
  if (isCpisError(error)) return new CpisError(error.code, { detail: `${file}: ${error.message}`, cause: error });
  const reason = error instanceof Error && "code" in error ? String(error.code) : "it cannot be read";
  return new CpisError("TLS_CRL_INVALID", { detail: `${file}: ${reason}`, cause: error });
}

/**
 * Throws TLS_CRL_INVALID when a file cannot be used. Afterwards what was read last stays in force: an overdue list still
 * names what was revoked, and no list at all would let everybody in.
 */
export function openRevocationFiles(options: RevocationFilesOptions): RevocationFiles {
  const { ca, lookMilliseconds = 60_000 } = options;
  const authorities = typeof ca === "string" || Buffer.isBuffer(ca) ? [ca] : ca;
  const warned = new Map<string, number>();
  let cancel: (() => void) | undefined;

  function read(file: string): KeptFile {
    try {
      return { file, mark: markOf(file), lists: readRevocationLists(readFileSync(file), authorities) };
    } catch (error) {
      throw unusable(file, error);
    }
  }

  const kept = options.files.map(read);

  function refresh(one: KeptFile): void {
    let mark = "";
    try {
      mark = markOf(one.file);
      if (mark !== one.mark) one.lists = read(one.file).lists;
    } catch (error) {
      if (mark !== one.mark) options.warn(unusable(one.file, error));
    }
    one.mark = mark;
  }

  function warnOfOverdue({ issuerName, nextUpdate }: RevocationList): void {
    if (nextUpdate === undefined || options.now() <= nextUpdate) return;
    if (options.now() - (warned.get(issuerName) ?? -Infinity) < dayMilliseconds) return;
    warned.set(issuerName, options.now());
    const due = new Date(nextUpdate).toISOString().slice(0, 10);
    options.warn(new CpisError("TLS_CRL_OVERDUE", { detail: `the next list of ${issuerName} was due on ${due}` }));
  }

  function look(): void {
    for (const { lists } of kept) for (const list of lists) warnOfOverdue(list);
    cancel = options.after(lookMilliseconds, () => {
      for (const one of kept) refresh(one);
      look();
    });
  }

  look();
  return {
    isRevoked: (chain) => kept.some(({ lists }) => isOnList(chain, lists)),
    close: () => cancel?.(),
  };
}
