// What a connection check is told, and what it says: one step after the other, in plain words and without secrets.
import type { CpisError, ErrorCode } from "../../errors.js";
import type { MessagingContract } from "../../sds/contract.js";
import type { SchemaVerdict } from "../../schema/model.js";
import type { ClientNames } from "../../tls/peer-name.js";
import type { ProxySettings } from "../../tls/proxy.js";
import type { TlsMaterial } from "../../tls/tls-material.js";

export type CheckStepName =
  | "settings"
  | "own-certificate"
  | "directory"
  | "contract"
  | "name"
  | "connection"
  | "handshake"
  | "peer-certificate"
  | "clock"
  | "client-names"
  | "listener"
  | "schemas"
  | "mailbox"
  | "inbox"
  | "folder-in"
  | "folder-out"
  | "folder-sent"
  | "folder-staging"
  | "folder-archive"
  | "client";

/** "skipped": nothing can be said, because an earlier step failed or because it cannot be known from here. */
export type CheckResult = "pass" | "warn" | "fail" | "skipped";

export interface CheckStep {
  readonly name: CheckStepName;
  readonly title: string;
  readonly result: CheckResult;
  /** One sentence or fact each. */
  readonly seen: readonly string[];
  /** Of the error table, where it has one for what was found. */
  readonly code?: ErrorCode;
  /** What to do. */
  readonly advice?: string;
  /** For a setting of this transport, by its name in the flow; somebody must know that it is right. */
  readonly proposal?: { readonly setting: string; readonly value: string };
}

/** What a step has found; its name and title are added. */
export type Finding = Omit<CheckStep, "name" | "title">;

export interface CheckEffects {
  /** Milliseconds since 1970. */
  now(): number;
  /** A fresh UUID in upper case. */
  newUuid(): string;
}

/** Milliseconds; each step ends at its own limit, and the whole at `wholeMilliseconds`. */
export interface CheckLimits {
  /** Default 5,000. */
  readonly nameMilliseconds: number;
  /** Default 5,000. */
  readonly connectMilliseconds: number;
  /** Default 10,000. */
  readonly tlsMilliseconds: number;
  /** Default 15,000. */
  readonly replyMilliseconds: number;
  /** Default 60,000. */
  readonly wholeMilliseconds: number;
}

/** Whence the contract comes. "given": made by hand, whole. */
export type CheckedContract =
  | { readonly kind: "given"; readonly contract: MessagingContract }
  | {
      readonly kind: "directory";
      /** Asks the directory itself, and not what is remembered of it. Throws SDS_*, TLS_* or CONFIG_*. */
      ask(): Promise<MessagingContract>;
      /** The one by which messages go now, which may be remembered. Throws the same. */
      current(): Promise<MessagingContract>;
    };

/** Our listener; `error` says why it is closed, if that is known. */
export type CheckedListener =
  | { readonly kind: "open"; readonly host: string; readonly port: number; readonly tls: TlsMaterial }
  | { readonly kind: "closed"; readonly error?: CpisError };

export interface EbxmlCheck {
  readonly kind: "ebxml";
  readonly tls: TlsMaterial;
  /** Whose messages our listener takes. */
  readonly clientNames: ClientNames;
  readonly contract: CheckedContract;
  readonly listener: CheckedListener;
  /** The organisation's own schemas, where it has given some. Never rejects. */
  readonly judge?: (message: Uint8Array) => Promise<SchemaVerdict>;
  /** Default: by HTTPS_PROXY and NO_PROXY of the environment. */
  readonly proxy?: ProxySettings;
}

export interface MeshApiCheck {
  readonly kind: "mesh-api";
  /** For example "https://mesh-sync.spineservices.nhs.uk". */
  readonly baseUrl: string;
  readonly tls: TlsMaterial;
  readonly mailbox: string;
  readonly password: string;
  readonly sharedKey: string;
  /** Default: by HTTPS_PROXY and NO_PROXY of the environment. */
  readonly proxy?: ProxySettings;
}

export interface MeshFolderCheck {
  readonly kind: "mesh-folder";
  /** The client's InterfaceRoot for the mailbox. */
  readonly root: string;
}

/** The settings cannot be used, or the transport waits for something: there is nothing to connect with. */
export interface UnusableCheck {
  readonly kind: "unusable";
  readonly error: CpisError;
}

export type ConnectionCheck = EbxmlCheck | MeshApiCheck | MeshFolderCheck | UnusableCheck;
