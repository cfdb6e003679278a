// The rehearsal against an environment of the Path to Live, by a file of settings; a live one is refused.
import { randomUUID } from "node:crypto";
import path from "node:path";
import { createCpisClient, type ClientContract, type ClientParty } from "../client.js";
import { definedOnly } from "../defined-only.js";
import { CpisError } from "../errors.js";
import type { MhsEffects } from "../mhs/model.js";
import { verifyAudit } from "../services/audit.js";
import type { TlsMaterial } from "../tls/tls-material.js";
import { openAuthoritySide, type AuthoritySettings } from "./authority-side.js";
import { openStore, type HospitalSide, type RehearsalEnvironment } from "./environment.js";
import {
  type EnvironmentFields,
  loadTls,
  readContract,
  readEnvironmentFile,
  readTlsFiles,
  type TlsFiles,
} from "./environment-file.js";
import type { EnvironmentAbility, RehearsalRole } from "./model.js";
import { systemAuthor } from "./people.js";

/** A file of settings. Paths of files are relative to it. */
export interface PathToLiveSettings {
  /** INT or DEP, as it stands in the report. */
  readonly environment: string;
  readonly tls: TlsFiles;
  /** Test NHS numbers that NHS England gave, by the names that scenarios use. */
  readonly numbers: Readonly<Record<string, string>>;
  readonly hospital?: {
    readonly party: ClientParty;
    readonly contract: ClientContract;
    readonly listener: {
      readonly host: string;
      readonly port: number;
      readonly path?: string;
      readonly clientNames: readonly string[];
    };
  };
  readonly authority?: Omit<AuthoritySettings, "tls" | "pollMilliseconds" | "waitMilliseconds">;
}

const environments: ReadonlySet<string> = new Set(["INT", "DEP"]);
/** A part of a host's name by which it shows that it is no live one. */
const testHost =
  /(?:^|[.-])(?:int|intspineservices|dep|depspineservices|dev|ref|test|sandbox|opentest|localhost)(?:[.-]|$)|^127\.|^\[::1\]/i;
const responseMilliseconds = 60 * 60_000;
const pollMilliseconds = 5 * 60_000;

function refuse(detail: string): never {
  throw new CpisError("CONFIG_INVALID", { detail });
}

function requireTestHost(address: string, what: string): void {
  let host = "";
  try {
    host = new URL(address).hostname;
  } catch {
    refuse(`${what} is no address`);
  }
  if (!testHost.test(host))
    refuse(`${what}: its host does not show that it is a test environment, so nothing is sent there`);
}

function readHospital(hospital: EnvironmentFields): NonNullable<PathToLiveSettings["hospital"]> {
  const contract = hospital.requiredPart("contract");
  requireTestHost(contract.text("endpointUrl"), "the endpoint");
  const party = hospital.requiredPart("party");
  const listener = hospital.requiredPart("listener");
  return {
    party: {
      partyKey: party.text("partyKey"),
      asid: party.text("asid"),
      ...definedOnly({ cpaId: party.optional("cpaId") }),
    },
    contract: readContract(contract),
    listener: {
      host: listener.text("host"),
      port: listener.number("port"),
      ...definedOnly({ path: listener.optional("path") }),
      clientNames: listener.texts("clientNames"),
    },
  };
}

function readAuthority(authority: EnvironmentFields): NonNullable<PathToLiveSettings["authority"]> {
  const baseUrl = authority.text("baseUrl");
  requireTestHost(baseUrl, "the address of MESH");
  const local = authority.requiredPart("localAuthority");
  const workflowIds = authority.requiredPart("workflowIds");
  const firstNumber = authority.number("firstNumber");
  return {
    localAuthority: {
      code: local.text("code"),
      codeType: "organisation",
      name: local.text("name"),
      ...definedOnly({
        emergencyDutyTelephone: local.optional("emergencyDutyTelephone"),
        officeHoursTelephone: local.optional("officeHoursTelephone"),
      }),
    },
    baseUrl,
    mailbox: authority.text("mailbox"),
    password: authority.text("password"),
    sharedKey: authority.text("sharedKey"),
    recipient: authority.text("recipient"),
    workflowIds: {
      upload: workflowIds.text("upload"),
      response: workflowIds.text("response"),
      accessNotification: workflowIds.text("accessNotification"),
      inactiveNotification: workflowIds.text("inactiveNotification"),
    },
    ...(firstNumber === 0 ? {} : { firstNumber }),
  };
}

/** Throws CONFIG_INVALID and CONFIG_MISSING: for what is no file of settings, and for anything that may be a live environment. */
export function checkSettings(settings: EnvironmentFields): PathToLiveSettings {
  const environment = settings.optional("environment") ?? "";
  if (!environments.has(environment)) {
    refuse("environment must be INT or DEP: a rehearsal never runs against a live one");
  }
  const tls = readTlsFiles(settings);
  const numbers = settings.requiredPart("numbers").table();
  const [hospital, authority] = [settings.part("hospital"), settings.part("authority")];
  return {
    environment,
    tls,
    numbers,
    ...definedOnly({
      hospital: hospital === undefined ? undefined : readHospital(hospital),
      authority: authority === undefined ? undefined : readAuthority(authority),
    }),
  };
}

async function openHospital(
  { party, contract, listener }: NonNullable<PathToLiveSettings["hospital"]>,
  tls: TlsMaterial,
) {
  const store = await openStore();
  const client = await createCpisClient({ party, contract, listener, tls, store });
  const side: HospitalSide = {
    // The time-out is that of the environment: what waits in vain is for the simulator.
    ask: (query) =>
      client.ask(query.author.kind === "system" ? { ...query, author: { ...systemAuthor, asid: party.asid } } : query),
    verifyAudit: () => verifyAudit(store),
    async countAudited() {
      const entries = await store.readAudit(0, 100_000);
      const count = (event: string): number => entries.filter((entry) => entry.event === event).length;
      return { begun: count("query-asked"), ended: count("query-ended") };
    },
  };
  const close = async (): Promise<void> => {
    await client.close();
    await store.close();
  };
  return { side, close };
}

/** Throws CONFIG_INVALID, and what the client and the mailbox throw. */
export async function openPathToLiveEnvironment(file: string, role: RehearsalRole): Promise<RehearsalEnvironment> {
  const settings = checkSettings(await readEnvironmentFile(file));
  const tls = await loadTls(settings.tls, path.dirname(file));
  const effects: MhsEffects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
  const hospital = settings.hospital === undefined ? undefined : await openHospital(settings.hospital, tls);
  const store = role === "authority" && settings.authority !== undefined ? await openStore() : undefined;
  const authority =
    store === undefined || settings.authority === undefined
      ? undefined
      : await openAuthoritySide(
          { ...settings.authority, tls, pollMilliseconds, waitMilliseconds: responseMilliseconds },
          store,
          effects,
        );
  const abilities: EnvironmentAbility[] = authority === undefined ? [] : ["restart"];
  return {
    name: settings.environment,
    abilities: new Set(abilities),
    numbers: new Map(Object.entries(settings.numbers)),
    ...(hospital === undefined ? {} : { hospital: hospital.side }),
    ...(authority === undefined ? {} : { authority: authority.side }),
    async close(): Promise<void> {
      await authority?.close();
      await hospital?.close();
    },
  };
}
