// Watches the certificates of a transport: warns the operator, and shows in the status which one ends soon.
import type { Node } from "node-red";
import { CpisError } from "../../../lib/errors.js";
import { certificateLines } from "../../../lib/services/connection-check/check-certificates.js";
import {
  watchCertificates,
  type CertificateConcern,
  type CertificateOwner,
  type CertificateWatch,
} from "../../../lib/tls/watch-certificates.js";
import { openRevocationFiles, type RevocationFiles } from "../../../lib/tls/revocation-files.js";
import type { TlsMaterial } from "../../../lib/tls/tls-material.js";
import { afterDelay } from "../runtime/after-delay.js";
import type { StatusShape } from "../runtime/node-status.js";
import { isFirstToTell } from "../stores/store-registry.js";
import type { OperatorLog } from "../runtime/operator-log.js";
import { systemEffects } from "../runtime/this-process.js";
import type { Words } from "../runtime/words.js";

/** What a session tells of the certificates it uses and is shown. */
export type CertificateSight = Pick<CertificateWatch, "see">;

const owners: Readonly<Record<CertificateOwner, string>> = {
  own: "ours",
  peer: "the other side's",
  client: "of who connects to our listener",
  directory: "the directory's",
  "mini-service": "the Spine mini service's",
};

function warningText({ owner, certificate }: CertificateConcern, now: number): string {
  const detail = [owners[owner], ...certificateLines([certificate], now)].join(", ");
  return `TLS_CERTIFICATE_VALIDITY ${new CpisError("TLS_CERTIFICATE_VALIDITY", { detail }).message}`;
}

/** `changed` is called when the status may be another. */
export function watchNodeCertificates(node: Node, changed: () => void): CertificateWatch {
  return watchCertificates({
    now: () => systemEffects.now(),
    after: afterDelay,
    warn(concern): void {
      const { fingerprint } = concern.certificate;
      void isFirstToTell(`certificate ${fingerprint} ${concern.validity.kind}`).then((isFirst) => {
        if (isFirst) node.warn(warningText(concern, systemEffects.now()));
      });
    },
    changed,
  });
}

function certificateText({ validity }: CertificateConcern, words: Words): string {
  if (validity.kind === "expired") return words("status.certificateExpired");
  if (validity.kind === "not-yet-valid") return words("status.certificateNotYetValid");
  if (validity.daysLeft === 1) return words("status.certificateOneDay");
  return words("status.certificateDays", { days: validity.daysLeft });
}

/** A certificate is worth a word only where all else is well: it stops nothing by itself. */
export function withCertificate(
  status: StatusShape,
  concern: CertificateConcern | undefined,
  words: Words,
): StatusShape {
  if (concern === undefined || status.fill !== "green") return status;
  return { fill: "yellow", shape: "dot", text: certificateText(concern, words) };
}

/**
 * Reads the lists of revoked certificates of these files, and again when they change. Throws TLS_CRL_INVALID. Undefined
 * without files.
 */
export function openRevocations(
  files: readonly string[],
  ca: TlsMaterial["ca"],
  log: Pick<OperatorLog, "warn">,
): RevocationFiles | undefined {
  if (files.length === 0) return undefined;
  return openRevocationFiles({
    files,
    ca,
    now: () => systemEffects.now(),
    after: afterDelay,
    warn: ({ code, message }) => log.warn(`${code} ${message}`),
  });
}
