// Puts certificates into words: whose they are, who issued them, and how long they are valid.
import { CpisError } from "../../errors.js";
import { validityAt, type CertificateFacts } from "../../tls/certificates.js";
import type { CheckResult, Finding } from "./connection-check-model.js";

const warnedDays = 30;

/** "2026-11-22", in universal time. */
function dayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

function validityText(certificate: CertificateFacts, now: number): string {
  const validity = validityAt(certificate, now);
  switch (validity.kind) {
    case "expired":
      return `ended on ${dayOf(certificate.notAfter)}`;
    case "not-yet-valid":
      return `begins only on ${dayOf(certificate.notBefore)}`;
    case "valid":
      return `ends on ${dayOf(certificate.notAfter)}, ${validity.daysLeft} days left`;
  }
}

/** One line for each certificate. */
export function certificateLines(chain: readonly CertificateFacts[], now: number): readonly string[] {
  return chain.map((certificate) => {
    const others = certificate.alternativeNames.filter((name) => name !== certificate.name);
    const names = others.length === 0 ? "" : ` (${others.slice(0, 4).join(", ")}${others.length > 4 ? ", ..." : ""})`;
    return `${certificate.name}${names}, issued by ${certificate.issuer}, ${validityText(certificate, now)}`;
  });
}

function resultOf(certificate: CertificateFacts, now: number): CheckResult {
  const validity = validityAt(certificate, now);
  if (validity.kind !== "valid") return "fail";
  return validity.daysLeft <= warnedDays ? "warn" : "pass";
}

/** Passes while each certificate is valid for more than 30 days. */
export function chainFinding(chain: readonly CertificateFacts[], now: number): Finding {
  const results = chain.map((certificate) => resultOf(certificate, now));
  const result = results.find((one) => one === "fail") ?? results.find((one) => one === "warn") ?? "pass";
  const seen = certificateLines(chain, now);
  if (result === "pass") return { result, seen };
  const { code, advice } = new CpisError("TLS_CERTIFICATE_VALIDITY");
  return { result, seen, code, advice };
}
