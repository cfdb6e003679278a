// Keeps the simulator's authority and the certificates it issued in a folder, for a demonstration that is restarted.
import { X509Certificate, randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";
import {
  createAuthority,
  openAuthority,
  type AuthorityPem,
  type CertificateRequest,
  type IssuedCertificate,
  type Pki,
  type PkiOptions,
} from "./pki.js";
import { CpisError } from "../../errors.js";

/** Certificate first, then key, in one file, so that the two can never be of different making. */
export interface KeptCertificate extends IssuedCertificate {
  readonly path: string;
}

export interface FolderPki extends Pki {
  /** A file with the authority's certificate alone. */
  readonly caPath: string;
  /** The certificate kept under this name, or a new one if there is none that can still be used. */
  loadOrIssue(name: string, request: CertificateRequest): Promise<KeptCertificate>;
}

const dayMilliseconds = 86_400_000;
const bundlePattern = /-----BEGIN (CERTIFICATE|PRIVATE KEY)-----[^-]+-----END \1-----\n?/g;
const authorityPattern = /^authority-([0-9]{1,6})\.pem$/;
const attempts = 20;

function isSystemError(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && cause.code === code;
}

function splitBundle(text: string): IssuedCertificate | undefined {
  const blocks = text.match(bundlePattern) ?? [];
  const certPem = blocks.find((block) => block.includes("BEGIN CERTIFICATE"));
  const keyPem = blocks.find((block) => block.includes("BEGIN PRIVATE KEY"));
  return certPem === undefined || keyPem === undefined ? undefined : { certPem, keyPem };
}

function isCurrent(certificate: X509Certificate, now: number): boolean {
  return Date.parse(certificate.validFrom) <= now && Date.parse(certificate.validTo) > now + dayMilliseconds;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, "utf8");
  } catch (cause) {
    if (isSystemError(cause, "ENOENT")) return undefined;
    throw cause;
  }
}

/** Writes beside the target first, so that a reader sees the old file or the whole new one. */
async function writeWhole(file: string, text: string, place: "replace" | "create"): Promise<"written" | "exists"> {
  const draft = `${file}.${randomUUID()}.draft`;
  await fs.writeFile(draft, text, { mode: 0o600, flag: "wx" });
  try {
    if (place === "replace") {
      await fs.rename(draft, file);
      return "written";
    }
    await fs.link(draft, file);
    return "written";
  } catch (cause) {
    if (isSystemError(cause, "EEXIST")) return "exists";
    throw cause;
  } finally {
    await fs.rm(draft, { force: true });
  }
}

function readAuthority(text: string, now: number): AuthorityPem | undefined {
  const bundle = splitBundle(text);
  if (bundle === undefined) return undefined;
  try {
    const certificate = new X509Certificate(bundle.certPem);
    if (!isCurrent(certificate, now) || !certificate.ca) return undefined;
    return { caKeyPem: bundle.keyPem, caPem: bundle.certPem };
  } catch {
    // Not a certificate: the caller makes a new authority, as for an expired one.
    return undefined;
  }
}

async function newestGeneration(folder: string): Promise<number> {
  const generations = (await fs.readdir(folder)).map((name) => Number(authorityPattern.exec(name)?.[1] ?? 0));
  return Math.max(0, ...generations);
}

async function openNewest(folder: string, generation: number, options: PkiOptions): Promise<Pki | undefined> {
  if (generation === 0) return undefined;
  const text = await readText(path.join(folder, `authority-${String(generation)}.pem`));
  const authority = text === undefined ? undefined : readAuthority(text, options.now());
  if (authority === undefined) return undefined;
  try {
    return await openAuthority({ ...options, authority });
  } catch {
    // The key cannot be imported: the same answer as for an unreadable certificate.
    return undefined;
  }
}

/**
 * Only one of several callers, in this process or another, can create the file of a generation: the others read it.
 * An authority that expired or cannot be read is followed by the next generation and never overwritten.
 */
async function loadOrCreateAuthority(folder: string, options: PkiOptions): Promise<Pki> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const generation = await newestGeneration(folder);
    const pki = await openNewest(folder, generation, options);
    if (pki !== undefined) return pki;
    const made = await createAuthority(options);
    const file = path.join(folder, `authority-${String(generation + 1)}.pem`);
    await writeWhole(file, made.caPem + made.caKeyPem, "create");
  }
  throw new CpisError("CONFIG_INVALID", { detail: "the simulator's certificate folder cannot be used" });
}

function isIssuedFor(bundle: IssuedCertificate, caPem: string, request: CertificateRequest, now: number): boolean {
  try {
    const certificate = new X509Certificate(bundle.certPem);
    const names = certificate.subjectAltName ?? "";
    const hasNames =
      (request.dnsNames ?? []).every((name) => certificate.checkHost(name) !== undefined) &&
      (request.ipAddresses ?? []).every((address) => names.includes(`IP Address:${address}`));
    return isCurrent(certificate, now) && hasNames && certificate.verify(new X509Certificate(caPem).publicKey);
  } catch {
    // Unreadable: a new one is issued.
    return false;
  }
}

/**
 * Opens the authority kept in `folder`, or makes one. Private keys are readable by their owner only.
 * Throws CONFIG_INVALID when the folder cannot be read or written.
 */
export async function loadOrCreatePki(folder: string, options: PkiOptions): Promise<FolderPki> {
  try {
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    const pki = await loadOrCreateAuthority(folder, options);
    const caPath = path.join(folder, "authority-certificate.pem");
    await writeWhole(caPath, pki.caPem, "replace");
    return { ...pki, caPath, loadOrIssue: (name, request) => loadOrIssue(folder, pki, options, name, request) };
  } catch (cause) {
    if (cause instanceof CpisError) throw cause;
    throw new CpisError("CONFIG_INVALID", { detail: "the simulator's certificate folder cannot be used", cause });
  }
}

async function loadOrIssue(
  folder: string,
  pki: Pki,
  options: PkiOptions,
  name: string,
  request: CertificateRequest,
): Promise<KeptCertificate> {
  if (!/^[a-z0-9-]{1,60}$/.test(name)) {
    throw new CpisError("CONFIG_INVALID", { detail: "the name of a certificate may hold a-z, 0-9 and - only" });
  }
  const file = path.join(folder, `certificate-${name}.pem`);
  const kept = splitBundle((await readText(file)) ?? "");
  if (kept !== undefined && isIssuedFor(kept, pki.caPem, request, options.now())) return { ...kept, path: file };
  const issued = await pki.issue(request);
  await writeWhole(file, issued.certPem + issued.keyPem, "replace");
  return { ...issued, path: file };
}
