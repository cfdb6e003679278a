// What a mailbox over the folders of the NHS's MESH client is told by who makes it.
import type { MailboxOptions } from "../model.js";

export interface FolderMailboxOptions extends MailboxOptions {
  /** The client's InterfaceRoot for this mailbox: IN, OUT and SENT are in it, and are the client's to make. */
  readonly root: string;
  /** Where a pair is written before it is moved to OUT: on the same file system. Default "cpis-staging" in the root. */
  readonly stagingFolder?: string;
  /** Where a pair goes that is in the message store. Default "cpis-archive" in the root. */
  readonly archiveFolder?: string;
  /** So long a file stays in the archive, counted from its last change; 0 for ever. Default 30 days. */
  readonly archiveMilliseconds?: number;
  /** The folders are looked through so often, whatever the system tells of them. Default 30,000. */
  readonly scanMilliseconds?: number;
  /** A file is read when its size and time have been the same for so long. Default 1,000. */
  readonly stableMilliseconds?: number;
  /** A control file without its data is warned of after this time. Default 5 minutes. */
  readonly missingPairMilliseconds?: number;
  /** Data without its control file is warned of after this time. Default 1 hour. */
  readonly orphanMilliseconds?: number;
  /** A pair that the client has not taken is warned of after this time. Default 15 minutes. */
  readonly stuckInOutMilliseconds?: number;
  /** Default "DTS". */
  readonly addressType?: "DTS" | "ALL";
  /** Whether the client compresses what it sends. Default false. */
  readonly compress?: boolean;
  /** Of a received file, before compression. Default 200,000,000. */
  readonly maximumFileBytes?: number;
  /** What the names of our pairs begin with: letters, digits and hyphens. Default "cpis-". */
  readonly namePrefix?: string;
}

/** With the defaults filled in. */
export interface FolderSettings {
  readonly archiveMilliseconds: number;
  readonly scanMilliseconds: number;
  readonly stableMilliseconds: number;
  readonly missingPairMilliseconds: number;
  readonly orphanMilliseconds: number;
  readonly stuckInOutMilliseconds: number;
  readonly addressType: "DTS" | "ALL";
  readonly compress: boolean;
  readonly maximumFileBytes: number;
  readonly namePrefix: string;
}

export function settingsOf(options: FolderMailboxOptions): FolderSettings {
  return {
    archiveMilliseconds: options.archiveMilliseconds ?? 30 * 24 * 60 * 60_000,
    scanMilliseconds: options.scanMilliseconds ?? 30_000,
    stableMilliseconds: options.stableMilliseconds ?? 1_000,
    missingPairMilliseconds: options.missingPairMilliseconds ?? 5 * 60_000,
    orphanMilliseconds: options.orphanMilliseconds ?? 60 * 60_000,
    stuckInOutMilliseconds: options.stuckInOutMilliseconds ?? 15 * 60_000,
    addressType: options.addressType ?? "DTS",
    compress: options.compress ?? false,
    maximumFileBytes: options.maximumFileBytes ?? 200_000_000,
    namePrefix: options.namePrefix ?? "cpis-",
  };
}
