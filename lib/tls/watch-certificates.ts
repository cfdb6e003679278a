// Watches how long certificates are still valid, and warns once at each step towards their end.
import { validityAt, type CertificateFacts, type Validity } from "./certificates.js";

/**
 * "own": ours. "peer": that of the server that we connect to. "client": that of who connects to our listener. "directory":
 * that of the Spine Directory Service. "mini-service": that of a Spine mini service.
 */
export type CertificateOwner = "own" | "peer" | "client" | "directory" | "mini-service";

/** A certificate that ends within 30 days, has ended, or is not valid yet. */
export interface CertificateConcern {
  readonly owner: CertificateOwner;
  readonly certificate: CertificateFacts;
  readonly validity: Validity;
}

export interface CertificateWatchOptions {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after so many milliseconds, and gives what cancels that. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Once for each certificate when 30, 14, 7, 3 and 1 days are left, and when it has expired or is not valid yet. */
  warn(concern: CertificateConcern): void;
  /** What `worst` gives may be another than before. */
  changed(): void;
}

export interface CertificateWatch {
  /** Replaces what was known of this owner before: only what is in use counts. */
  see(owner: CertificateOwner, chain: readonly CertificateFacts[]): void;
  /** That of which the end is nearest; undefined while all are valid for more than 30 days. */
  worst(): CertificateConcern | undefined;
  close(): void;
}

/** Days left at which is warned. */
const steps = [30, 14, 7, 3, 1] as const;
const lookMilliseconds = 3_600_000;
/** Peers change their certificates, and each was warned of; the oldest of so many are forgotten. */
const mostRemembered = 200;

/** 0 without concern, and higher the more urgent it is. */
function urgencyOf(validity: Validity): number {
  if (validity.kind === "expired") return steps.length + 2;
  if (validity.kind === "not-yet-valid") return steps.length + 1;
  return steps.filter((days) => validity.daysLeft <= days).length;
}

/** Where the clients of a listener show different certificates, that of the last one counts. */
export function watchCertificates(options: CertificateWatchOptions): CertificateWatch {
  const chains = new Map<CertificateOwner, readonly CertificateFacts[]>();
  /** Fingerprints with the urgency that was told. */
  const told = new Map<string, number>();
  let cancel: (() => void) | undefined;
  let isClosed = false;
  let last = "null";

  function seen(): readonly CertificateConcern[] {
    const now = options.now();
    return [...chains].flatMap(([owner, chain]) =>
      chain.map((certificate) => ({ owner, certificate, validity: validityAt(certificate, now) })),
    );
  }

  function worst(): CertificateConcern | undefined {
    return seen()
      .filter(({ validity }) => urgencyOf(validity) > 0)
      .sort(
        (one, other) =>
          urgencyOf(other.validity) - urgencyOf(one.validity) || one.certificate.notAfter - other.certificate.notAfter,
      )[0];
  }

  function remember(fingerprint: string, urgency: number): void {
    told.delete(fingerprint);
    if (urgency > 0) told.set(fingerprint, urgency);
    const oldest = told.keys().next().value;
    if (told.size > mostRemembered && oldest !== undefined) told.delete(oldest);
  }

  function look(): void {
    for (const concern of seen()) {
      const urgency = urgencyOf(concern.validity);
      const { fingerprint } = concern.certificate;
      if (urgency === (told.get(fingerprint) ?? 0)) continue;
      remember(fingerprint, urgency);
      if (urgency > 0) options.warn(concern);
    }
    const shown = JSON.stringify(worst() ?? null);
    if (shown === last) return;
    last = shown;
    options.changed();
  }

  function lookLater(): void {
    if (isClosed) return;
    cancel = options.after(lookMilliseconds, () => {
      look();
      lookLater();
    });
  }

  return {
    see(owner, chain) {
      if (isClosed) return;
      chains.set(owner, chain);
      look();
      if (cancel === undefined) lookLater();
    },
    worst,
    close: () => {
      isClosed = true;
      cancel?.();
    },
  };
}
