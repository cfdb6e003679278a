// The settings of an `ebxml transport` node, read from a flow and checked.
import type { SilentReadForm } from "../../lib/cpis/query/silent-read.js";
import { parseAsid, parseCpaId, parsePartyKey, type Asid, type CpaId, type PartyKey } from "../../lib/identifiers.js";
import type { EbxmlExchangeSettings } from "../../lib/services/exchange/ebxml-exchange.js";
import { FieldReader } from "../adapter/runtime/field-rules.js";
import type { OwnOrganisation } from "../adapter/transports/transport-model.js";
import type { Words } from "../adapter/runtime/words.js";
import { readContractWay, type ContractWay } from "./contract-settings.js";
import { readSilentRead } from "./silent-read-settings.js";
import { readSmspAccess, type SmspAccess } from "./smsp-settings.js";

const simulatorPatterns = ["express", "reliable", "syncSoap"] as const;

export type SimulatorPattern = (typeof simulatorPatterns)[number];

/** Where the messages go: to a simulator of this Node-RED, or to Spine by a contract. */
export type SpineSide =
  | { readonly kind: "simulator"; readonly pattern: SimulatorPattern }
  | {
      readonly kind: "spine";
      readonly way: ContractWay;
      readonly tlsNodeId: string;
      /** Undefined: a proxy of the environment, if there is one. */
      readonly proxyNodeId: string | undefined;
      /** That Spine's client certificate may carry; without one nothing is opened, and only checked. */
      readonly clientNames: readonly string[];
      /** Files of revocation lists. */
      readonly revocationFiles: readonly string[];
      /** Only where no Spine of the NHS is meant, as in a test with a simulator of another process. */
      readonly acceptsSimulatorCertificates: boolean;
    };

export interface ListenerSettings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly path: string;
  readonly maximumBytes: number;
  readonly ackWhenNotRequested: boolean;
}

/** Of the former CP-IS client, as Spine has them registered; the upload's own name is not confirmed, so it is set. */
const fileInteractions = {
  uploadService: "urn:nhs:names:services:cpisupload",
  responseAction: "REPC_IN000003GB01",
  accessAction: "REPC_IN000004GB01",
  inactiveAction: "REPC_IN000005GB01",
} as const;
/** The name under which the simulator takes uploads. */
const simulatorUploadAction = "REPC_IN000002SM01";

const environments = ["simulator", "INT", "DEP", "live", "other"] as const;

export interface TransportSettings {
  readonly environment: (typeof environments)[number];
  readonly partyKey: PartyKey;
  readonly asid: Asid;
  readonly organisation: OwnOrganisation;
  /** Our own CPA id, by which answers are addressed to us; a different one is a warning only. */
  readonly ownCpaId: CpaId | undefined;
  readonly spine: SpineSide;
  readonly listener: ListenerSettings;
  /** Undefined: this transport carries no files of a local authority. */
  readonly files: EbxmlExchangeSettings | undefined;
  /** Undefined: scheduled reads are refused. */
  readonly silentRead: SilentReadForm | undefined;
  /** Undefined: queries go to Spine only. */
  readonly smsp: SmspAccess | undefined;
  /** Undefined: the embedded store in the user directory. */
  readonly storeNodeId: string | undefined;
  readonly connectTimeoutMilliseconds: number;
  readonly replyTimeoutMilliseconds: number;
}

const bytesPerMegabyte = 1024 * 1024;

/** A simulator's listener stays on loopback: nobody else may reach what trusts its certificates. */
function readListener(fields: FieldReader, isSimulator: boolean): ListenerSettings {
  return {
    host: isSimulator
      ? fields.optional("host", "loopbackHost", "127.0.0.1")
      : fields.optional("host", "host", "0.0.0.0"),
    port: isSimulator ? fields.number("port", "port", 0) : Number(fields.required("port", "port")),
    path: fields.optional("path", "path", "/mhs/ebxml"),
    maximumBytes: fields.number("maximumMegabytes", "positiveNumber", 5) * bytesPerMegabyte,
    ackWhenNotRequested: fields.flag("ackWhenNotRequested", true),
  };
}

function readFiles(fields: FieldReader, isSimulator: boolean, maximumBytes: number): EbxmlExchangeSettings | undefined {
  if (!fields.flag("carriesFiles", false)) return undefined;
  const uploadAction = isSimulator
    ? fields.optional("uploadAction", "token", simulatorUploadAction)
    : fields.required("uploadAction", "token");
  return { ...fileInteractions, uploadAction, maximumBytes };
}

/** Throws CONFIG_MISSING, CONFIG_INVALID or CONFIG_CONTRACT, naming the field as the dialog does; no text holds a secret. */
export function readTransportSettings(config: object, credentials: object, words: Words): TransportSettings {
  const fields = new FieldReader(config, (property) => words(`field.${property}`));
  const environment = fields.choice("environment", environments, "simulator");
  const isSimulator = environment === "simulator";
  const ownCpaId = fields.optional("ownCpaId", "token", "");
  const listener = readListener(fields, isSimulator);
  return {
    environment,
    partyKey: parsePartyKey(fields.required("partyKey", "partyKey")),
    asid: parseAsid(fields.required("asid", "asid")),
    organisation: {
      code: fields.required("odsCode", "odsCode"),
      name: fields.required("organisationName", "text"),
    },
    ownCpaId: ownCpaId === "" ? undefined : parseCpaId(ownCpaId),
    spine: isSimulator
      ? { kind: "simulator", pattern: fields.choice("pattern", simulatorPatterns, "express") }
      : {
          kind: "spine",
          way: readContractWay(fields, credentials, words),
          tlsNodeId: fields.required("tls", "token"),
          proxyNodeId: fields.configNode("proxy"),
          clientNames: fields.list("clientNames", "hostNames", /[\s,;]+/),
          revocationFiles: fields.list("revocationFiles", "absoluteFiles", /\s*;\s*/),
          acceptsSimulatorCertificates: environment === "other",
        },
    listener,
    files: readFiles(fields, isSimulator, listener.maximumBytes),
    silentRead: readSilentRead(fields),
    smsp: readSmspAccess(fields, isSimulator, fields.required("odsCode", "odsCode")),
    storeNodeId: fields.configNode("messageStore"),
    connectTimeoutMilliseconds: fields.number("connectTimeout", "positiveNumber", 5) * 1000,
    replyTimeoutMilliseconds: fields.number("replyTimeout", "positiveNumber", 30) * 1000,
  };
}
