// The rehearsal against an environment of the Path to Live, by a file of settings; a live one is refused.
import { randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import { createCpisClient, type ClientContract, type ClientParty } from "../client.js";
import { CpisError } from "../errors.js";
import type { MhsEffects } from "../mhs/model.js";
import { verifyAudit } from "../services/audit.js";
import { openAuthoritySide, type AuthoritySettings } from "./authority-side.js";
import { openStore, type HospitalSide, type RehearsalEnvironment } from "./environment.js";
import type { EnvironmentAbility, RehearsalRole } from "./model.js";
import { systemAuthor } from "./people.js";

/** A file of settings. Paths of files are relative to it. */
export interface PathToLiveSettings {
  /** INT or DEP, as it stands in the report. */
  readonly environment: string;
  readonly tls: { readonly keyFile: string; readonly certFile: string; readonly caFile: string };
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

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Throws CONFIG_INVALID: for what is no file of settings, and for anything that may be a live environment. */
export function checkSettings(value: unknown): PathToLiveSettings {
  if (!isObject(value)) return refuse("the file of the environment holds no object");
  const environment: unknown = Reflect.get(value, "environment");
  if (typeof environment !== "string" || !environments.has(environment)) {
    refuse("environment must be INT or DEP: a rehearsal never runs against a live one");
  }
  if (!isObject(Reflect.get(value, "tls"))) refuse("tls is missing");
  if (!isObject(Reflect.get(value, "numbers"))) refuse("numbers is missing");
  const settings = value as PathToLiveSettings;
  if (settings.hospital !== undefined) requireTestHost(settings.hospital.contract.endpointUrl, "the endpoint");
  if (settings.authority !== undefined) requireTestHost(settings.authority.baseUrl, "the address of MESH");
  return settings;
}

async function openHospital(
  { party, contract, listener }: NonNullable<PathToLiveSettings["hospital"]>,
  tls: { readonly key: string; readonly cert: string; readonly ca: string },
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
  let value: unknown;
  try {
    value = JSON.parse(await fs.readFile(file, "utf8"));
  } catch (cause) {
    throw new CpisError("CONFIG_INVALID", { detail: "the file of the environment cannot be read as JSON", cause });
  }
  const settings = checkSettings(value);
  const read = (name: string): Promise<string> => fs.readFile(path.resolve(path.dirname(file), name), "utf8");
  const tls = {
    key: await read(settings.tls.keyFile),
    cert: await read(settings.tls.certFile),
    ca: await read(settings.tls.caFile),
  };
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
