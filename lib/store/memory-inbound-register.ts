// Remembers accepted inbound messages in memory: for tests, and where no store is configured.
import { CpisError } from "../errors.js";
import type { InboundClaim, InboundKey, InboundRegister, StoredReply } from "./inbound-register.js";

export interface MemoryInboundRegisterOptions {
  /** Milliseconds since 1970. */
  now(): number;
  /** How long an accepted message is remembered. Default 24 hours, the least that the peers' resending asks for. */
  readonly windowMilliseconds?: number;
  /** Beyond this count the oldest are forgotten early. Default 10,000: with their replies about 20 megabytes. */
  readonly maximumEntries?: number;
}

interface AcceptedMessage {
  readonly bodyDigest: string;
  readonly reply: StoredReply;
  readonly acceptedAt: number;
}

/** A claim that is open; the others on the same message wait for its end. */
interface Turn {
  readonly end: Promise<void>;
  finish(): void;
}

function createTurn(): Turn {
  let finish = (): void => undefined;
  const end = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return { end, finish: () => finish() };
}

const dayMilliseconds = 24 * 60 * 60 * 1000;

/** Unambiguous whatever the two texts hold. */
function mapKey(key: InboundKey): string {
  return JSON.stringify([key.fromPartyKey, key.messageId]);
}

/** Claims throw CONFIG_CLOSED once the register is closed, also those that wait. */
export function createMemoryInboundRegister(options: MemoryInboundRegisterOptions): InboundRegister {
  const windowMilliseconds = options.windowMilliseconds ?? dayMilliseconds;
  const maximumEntries = options.maximumEntries ?? 10_000;
  /** In order of acceptance, which is the order of expiry as well. */
  const accepted = new Map<string, AcceptedMessage>();
  const openClaims = new Map<string, Turn>();
  let isClosed = false;

  function forget(): void {
    const oldest = options.now() - windowMilliseconds;
    for (const [id, message] of accepted) {
      if (message.acceptedAt > oldest && accepted.size <= maximumEntries) return;
      accepted.delete(id);
    }
  }

  function open(id: string, bodyDigest: string): InboundClaim {
    const turn = createTurn();
    openClaims.set(id, turn);
    const finish = (reply?: StoredReply): void => {
      if (openClaims.get(id) !== turn) return;
      openClaims.delete(id);
      if (reply !== undefined) {
        accepted.set(id, { bodyDigest, reply: { ...reply, body: Buffer.from(reply.body) }, acceptedAt: options.now() });
        forget();
      }
      turn.finish();
    };
    return {
      kind: "new",
      accept: (reply): Promise<void> => {
        finish(reply);
        return Promise.resolve();
      },
      release: (): Promise<void> => {
        finish();
        return Promise.resolve();
      },
    };
  }

  return {
    async claim(key, bodyDigest): Promise<InboundClaim> {
      const id = mapKey(key);
      for (let other = openClaims.get(id); other !== undefined; other = openClaims.get(id)) await other.end;
      if (isClosed) throw new CpisError("CONFIG_CLOSED");
      forget();
      const known = accepted.get(id);
      if (known === undefined) return open(id, bodyDigest);
      return { kind: "duplicate", reply: known.reply, isSameBody: known.bodyDigest === bodyDigest };
    },
    close(): Promise<void> {
      isClosed = true;
      accepted.clear();
      for (const turn of openClaims.values()) turn.finish();
      openClaims.clear();
      return Promise.resolve();
    },
  };
}
