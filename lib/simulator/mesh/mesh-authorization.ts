// Checks the Authorization header of MESH requests: whose it is, whether it is genuine, of now, and used once.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { MeshProblem } from "./mesh-answers.js";
import type { SimulatedMailbox } from "./mesh-model.js";
import { parseMeshMinute } from "./mesh-time.js";

export interface MeshToken {
  readonly mailbox: string;
  readonly nonce: string;
  /** Decimal digits. */
  readonly nonceCount: string;
  /** `yyyyMMddHHmm`, UTC. */
  readonly timestamp: string;
}

/** Lower-case hex of the HMAC-SHA256 that proves a token. The password is inside the hash only. */
export function meshTokenHash(token: MeshToken, password: string, sharedKey: string): string {
  const { mailbox, nonce, nonceCount, timestamp } = token;
  return createHmac("sha256", sharedKey)
    .update(`${mailbox}:${nonce}:${nonceCount}:${password}:${timestamp}`)
    .digest("hex");
}

export type AuthorizationOutcome =
  | { readonly kind: "granted"; readonly mailbox: SimulatedMailbox }
  | { readonly kind: "refused"; readonly problem: MeshProblem };

export interface MeshAuthorization {
  /** A token that is granted is used up. The mailbox of the path counts in upper case. */
  check(header: string | undefined, pathMailbox: string): AuthorizationOutcome;
}

export interface MeshAuthorizationOptions {
  readonly sharedKey: string;
  findMailbox(mailbox: string): SimulatedMailbox | undefined;
  /** The time of the host, in milliseconds since 1970: no skipped days, else no client could follow. */
  now(): number;
}

const hourMilliseconds = 3_600_000;
const windowMilliseconds = 2 * hourMilliseconds;
const rememberedMilliseconds = 4 * hourMilliseconds;
/** About 100 MB of memory, and 35 requests a second for four hours. */
const maximumTokens = 500_000;

const headerPattern =
  /^NHSMESH ([^\s:]+):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}):(\d{1,15}):(\d{12}):([^\s:]+)$/i;

function refused(message: string, more: Partial<MeshProblem> = {}): AuthorizationOutcome {
  return { kind: "refused", problem: { status: 403, message, ...more } };
}

function isSameText(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.byteLength === other.byteLength && timingSafeEqual(one, other);
}

function parseHeader(header: string | undefined): { token: MeshToken; hash: string; at: number } | undefined {
  const fields = header?.startsWith("NHSMESH ") === true ? headerPattern.exec(header) : null;
  if (fields === null) return undefined;
  const [, mailbox = "", nonce = "", nonceCount = "", timestamp = "", hash = ""] = fields;
  const at = parseMeshMinute(timestamp);
  return at === undefined ? undefined : { token: { mailbox, nonce, nonceCount, timestamp }, hash, at };
}

/** Tokens by mailbox, nonce and count, with the time from which they may be forgotten, oldest first. */
function createTokenMemory(): { use(token: MeshToken, now: number): boolean } {
  const used = new Map<string, number>();
  return {
    use: ({ mailbox, nonce, nonceCount }, now) => {
      for (const [key, until] of used) {
        if (until > now && used.size < maximumTokens) break;
        used.delete(key);
      }
      const key = `${mailbox}:${nonce.toLowerCase()}:${Number(nonceCount)}`;
      if (used.has(key)) return false;
      used.set(key, now + rememberedMilliseconds);
      return true;
    },
  };
}

/** Each refusal is a problem with status 403. */
export function createMeshAuthorization(options: MeshAuthorizationOptions): MeshAuthorization {
  const memory = createTokenMemory();
  return {
    check: (header, pathMailbox) => {
      const parsed = parseHeader(header);
      if (parsed === undefined) return refused("Error reading from Authorization header");
      const { token, hash, at } = parsed;
      if (token.mailbox !== pathMailbox.toUpperCase()) return refused("Mailbox id does not match token");
      const mailbox = options.findMailbox(token.mailbox);
      if (mailbox === undefined) return refused("No mailbox matched", { event: "SEND", code: "EPL-151" });
      if (!isSameText(hash, meshTokenHash(token, mailbox.password, options.sharedKey))) {
        return refused("Invalid Authentication Token");
      }
      const now = options.now();
      if (Math.abs(now - at) > windowMilliseconds) return refused("Authentication Token is out of time");
      if (!memory.use(token, now)) return refused("Authentication Token was used before");
      return { kind: "granted", mailbox };
    },
  };
}
