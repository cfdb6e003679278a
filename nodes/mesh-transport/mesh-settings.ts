// The settings of a `mesh transport` node, read from a flow and its credentials, and checked.
import { CpisError } from "../../lib/errors.js";
import type { FolderMailboxOptions } from "../../lib/mesh/folders/folder-model.js";
import type { UnknownOutcomeSetting } from "../../lib/mesh/api/tracking-policy.js";
import type { MeshExchangeSettings } from "../../lib/services/exchange/mesh-exchange.js";
import type { MailboxScope } from "../../lib/mesh/mailbox-scope.js";
import { readSecret } from "../adapter/runtime/credentials.js";
import { FieldReader } from "../adapter/runtime/field-rules.js";
import type { Words } from "../adapter/runtime/words.js";

/** What the simulator gives, and otherwise nobody may guess. */
export interface MailboxNames {
  /** Own mailbox. */
  readonly mailbox: string;
  /** CP-IS's mailbox, to which uploads go. */
  readonly recipient: string;
  readonly uploadWorkflowId: string;
  /** What in the mailbox is of CP-IS. */
  readonly scope: MailboxScope;
}

/** How long things may take in the client's folders. */
export type FolderTimes = Required<
  Pick<
    FolderMailboxOptions,
    | "archiveMilliseconds"
    | "scanMilliseconds"
    | "stableMilliseconds"
    | "missingPairMilliseconds"
    | "orphanMilliseconds"
    | "stuckInOutMilliseconds"
  >
>;

export type MeshWay =
  /** A simulator of this Node-RED, which gives all the rest. */
  | { readonly kind: "simulator"; readonly odsCode: string; readonly pollMilliseconds: number }
  | {
      readonly kind: "api";
      readonly names: MailboxNames;
      /** Without a path. */
      readonly baseUrl: string;
      readonly password: string;
      readonly sharedKey: string;
      readonly tlsNodeId: string;
      /** Undefined: a proxy of the environment, if there is one. */
      readonly proxyNodeId: string | undefined;
      /** Files of revocation lists. */
      readonly revocationFiles: readonly string[];
      /** Only where no MESH of the NHS is meant, as in a test with a simulator of another process. */
      readonly acceptsSimulatorCertificates: boolean;
      readonly pollMilliseconds: number;
    }
  /** The folders of the NHS's own client, which runs beside us. */
  | {
      readonly kind: "folder";
      readonly names: MailboxNames;
      /** The client's InterfaceRoot. */
      readonly folder: string;
      readonly times: FolderTimes;
    };

export interface MeshTransportSettings {
  readonly way: MeshWay;
  readonly files: Pick<MeshExchangeSettings, "contentType" | "fileNamePattern" | "subjectPattern">;
  readonly compresses: boolean;
  /** False for a flow from before it could be said whether the mailbox is ours alone. */
  readonly isScopeChosen: boolean;
  /** What becomes of a file of which nobody knows whether MESH has it. */
  readonly unknownOutcome: UnknownOutcomeSetting;
  /** Of a file that comes, before compression. */
  readonly maximumBytes: number;
  /** Undefined: the embedded store in the user directory. */
  readonly storeNodeId: string | undefined;
}

export const environments = ["simulator", "Integration", "Deployment", "Live", "other"] as const;
const bytesPerMegabyte = 1024 * 1024;
const minuteMilliseconds = 60_000;

function readNames(fields: FieldReader): MailboxNames {
  const mailbox = fields.required("mailbox", "mailbox").toUpperCase();
  const recipient = fields.required("recipient", "mailbox").toUpperCase();
  const uploadWorkflowId = fields.required("workflowUpload", "workflowId");
  const others = fields.list("senders", "mailboxes", /[\s,;]+/).map((name) => name.toUpperCase());
  return {
    mailbox,
    recipient,
    uploadWorkflowId,
    scope: {
      senders: [recipient, ...others],
      workflowIds: [
        fields.required("workflowResponse", "workflowId"),
        fields.required("workflowAccess", "workflowId"),
        fields.required("workflowInactive", "workflowId"),
      ],
      sentWorkflowIds: [uploadWorkflowId],
      takesAll: fields.flag("takesAll", false),
    },
  };
}

const dayMilliseconds = 24 * 60 * 60 * 1000;

function readTimes(fields: FieldReader): FolderTimes {
  const seconds = (property: string, fallback: number): number => fields.number(property, "seconds", fallback) * 1000;
  return {
    archiveMilliseconds: fields.number("archiveDays", "wholeNumber", 30) * dayMilliseconds,
    scanMilliseconds: seconds("scanSeconds", 30),
    stableMilliseconds: seconds("stableSeconds", 1),
    missingPairMilliseconds: seconds("missingPairSeconds", 300),
    orphanMilliseconds: seconds("orphanSeconds", 3600),
    stuckInOutMilliseconds: seconds("stuckSeconds", 900),
  };
}

function readWay(fields: FieldReader, credentials: object, words: Words): MeshWay {
  const environment = fields.choice("environment", environments, "simulator");
  if (environment === "simulator") {
    return {
      kind: "simulator",
      odsCode: fields.required("odsCode", "odsCode"),
      pollMilliseconds: fields.number("pollSeconds", "seconds", 5) * 1000,
    };
  }
  const names = readNames(fields);
  if (fields.choice("way", ["api", "folder"], "api") === "folder") {
    return {
      kind: "folder",
      names,
      folder: fields.required("folder", "absoluteFolder"),
      times: readTimes(fields),
    };
  }
  const secret = (property: string): string => {
    const value = readSecret(credentials, property);
    if (value === "") throw new CpisError("CONFIG_MISSING", { detail: words(`field.${property}`) });
    return value;
  };
  return {
    kind: "api",
    names,
    baseUrl: fields.required("baseUrl", "baseUrl"),
    password: secret("password"),
    sharedKey: secret("sharedKey"),
    tlsNodeId: fields.required("tls", "token"),
    proxyNodeId: fields.configNode("proxy"),
    revocationFiles: fields.list("revocationFiles", "absoluteFiles", /\s*;\s*/),
    acceptsSimulatorCertificates: environment === "other",
    pollMilliseconds: fields.number("pollMinutes", "pollMinutes", 5) * minuteMilliseconds,
  };
}

/** Throws CONFIG_MISSING or CONFIG_INVALID, naming the field as the dialog does; no text holds a secret. */
export function readMeshSettings(config: object, credentials: object, words: Words): MeshTransportSettings {
  const fields = new FieldReader(config, (property) => words(`field.${property}`));
  return {
    way: readWay(fields, credentials, words),
    files: {
      contentType: fields.optional("contentType", "mediaType", "application/xml"),
      fileNamePattern: fields.optional("fileNamePattern", "namePattern", ""),
      subjectPattern: fields.optional("subjectPattern", "namePattern", ""),
    },
    compresses: fields.flag("compresses", false),
    isScopeChosen: "takesAll" in config,
    unknownOutcome: fields.choice("unknownOutcome", ["hold", "resend-after-tracking"], "hold"),
    maximumBytes: fields.number("maximumMegabytes", "positiveNumber", 200) * bytesPerMegabyte,
    storeNodeId: fields.configNode("messageStore"),
  };
}

/** How often it is looked for what has come. */
export function collectMilliseconds(way: MeshWay): number {
  return way.kind === "folder" ? way.times.scanMilliseconds : way.pollMilliseconds;
}
