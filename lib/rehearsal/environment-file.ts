// The file of settings that a rehearsal and the connection check of the command read: each part of it is looked at, none believed.
import fs from "node:fs/promises";
import path from "node:path";
import type { ClientContract } from "../client.js";
import { CpisError } from "../errors.js";
import { parseCpaId, parsePartyKey, type CpaId, type PartyKey } from "../identifiers.js";
import type { TlsMaterial } from "../tls/tls-material.js";

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function invalid(detail: string): never {
  throw new CpisError("CONFIG_INVALID", { detail });
}

/** A part of the file; its faults name the place, and repeat no value. */
export class EnvironmentFields {
  constructor(
    private readonly value: object,
    private readonly place: string,
  ) {}

  /** Throws CONFIG_INVALID for what is no object. */
  static of(value: unknown): EnvironmentFields {
    return isObject(value) ? new EnvironmentFields(value, "") : invalid("the file of settings");
  }

  private nameOf(name: string): string {
    return this.place === "" ? name : `${this.place}.${name}`;
  }

  part(name: string): EnvironmentFields | undefined {
    const value: unknown = Reflect.get(this.value, name);
    if (value === undefined) return undefined;
    if (!isObject(value)) return invalid(this.nameOf(name));
    return new EnvironmentFields(value, this.nameOf(name));
  }

  /** Throws CONFIG_MISSING where it is not there. */
  requiredPart(name: string): EnvironmentFields {
    const part = this.part(name);
    if (part === undefined) throw new CpisError("CONFIG_MISSING", { detail: this.nameOf(name) });
    return part;
  }

  optional(name: string): string | undefined {
    const value: unknown = Reflect.get(this.value, name);
    if (value === undefined) return undefined;
    return typeof value === "string" ? value : invalid(this.nameOf(name));
  }

  text(name: string, fallback?: string): string {
    const value = this.optional(name) ?? fallback;
    if (value === undefined || (value === "" && fallback === undefined)) {
      throw new CpisError("CONFIG_MISSING", { detail: this.nameOf(name) });
    }
    return value;
  }

  number(name: string): number {
    const value: unknown = Reflect.get(this.value, name) ?? 0;
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : invalid(this.nameOf(name));
  }

  /** Texts by names that the file chooses. */
  table(): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.keys(this.value).map((name) => [name, this.text(name)]));
  }

  texts(name: string): readonly string[] {
    const value: unknown = Reflect.get(this.value, name) ?? [];
    if (!Array.isArray(value)) return invalid(this.nameOf(name));
    return value.map((each: unknown) => (typeof each === "string" ? each : invalid(this.nameOf(name))));
  }
}

/** With its ids looked at. */
export type ReadContract = ClientContract & { readonly cpaId: CpaId; readonly toPartyKey: PartyKey };

export function readContract(settings: EnvironmentFields): ReadContract {
  return {
    endpointUrl: settings.text("endpointUrl"),
    cpaId: parseCpaId(settings.text("cpaId")),
    toPartyKey: parsePartyKey(settings.text("toPartyKey")),
    toAsid: settings.text("toAsid"),
    syncReplyMode: settings.text("syncReplyMode"),
    ackRequested: settings.text("ackRequested", ""),
    duplicateElimination: settings.text("duplicateElimination", ""),
    actor: settings.text("actor", ""),
    retries: settings.number("retries"),
    retryIntervalMilliseconds: settings.number("retryIntervalMilliseconds"),
    persistDurationMilliseconds: settings.number("persistDurationMilliseconds"),
  };
}

/** As it stands in the file: names of files, as seen from it. */
export interface TlsFiles {
  readonly keyFile: string;
  readonly certFile: string;
  readonly caFile: string;
}

export function readTlsFiles(settings: EnvironmentFields): TlsFiles {
  const tls = settings.requiredPart("tls");
  return { keyFile: tls.text("keyFile"), certFile: tls.text("certFile"), caFile: tls.text("caFile") };
}

/** Throws CONFIG_INVALID, naming the file's place in the settings. */
export async function loadTls(files: TlsFiles, folder: string): Promise<TlsMaterial> {
  const read = async (name: keyof TlsFiles): Promise<string> => {
    try {
      return await fs.readFile(path.resolve(folder, files[name]), "utf8");
    } catch (cause) {
      throw new CpisError("CONFIG_INVALID", { detail: `tls.${name} cannot be read`, cause });
    }
  };
  return { key: await read("keyFile"), cert: await read("certFile"), ca: await read("caFile") };
}

/** Throws CONFIG_INVALID for what is no JSON, or no object. */
export async function readEnvironmentFile(file: string): Promise<EnvironmentFields> {
  let value: unknown;
  try {
    value = JSON.parse(await fs.readFile(file, "utf8"));
  } catch (cause) {
    throw new CpisError("CONFIG_INVALID", { detail: "the file of settings cannot be read as JSON", cause });
  }
  return EnvironmentFields.of(value);
}
