// Runs the steps of a connection check, each within its time and none beyond that of the whole.
import { CpisError, isCpisError, type ErrorCode } from "../../errors.js";
import type { CheckEffects, CheckLimits, CheckStep, CheckStepName, Finding } from "./connection-check-model.js";

export type Attempt<Value> =
  { readonly kind: "done"; readonly value: Value } | { readonly kind: "failed"; readonly error: CpisError };

export interface CheckRun {
  readonly effects: CheckEffects;
  readonly limits: CheckLimits;
  /**
   * Waits for the work no longer than its time; `code` is that of an error without one, and of no answer in time. The
   * signal tells the work to give up.
   */
  attempt<Value>(
    work: (signal: AbortSignal) => Promise<Value>,
    milliseconds: number,
    code: ErrorCode,
  ): Promise<Attempt<Value>>;
}

const titles: Readonly<Record<CheckStepName, string>> = {
  settings: "Settings",
  "own-certificate": "Our certificate",
  directory: "Spine Directory Service",
  contract: "Contract and pattern",
  name: "Host name",
  connection: "TCP connection",
  handshake: "TLS handshake",
  "peer-certificate": "Certificate of the other side",
  clock: "Clock",
  "client-names": "Names of Spine's certificate",
  listener: "Our listener",
  schemas: "Your schemas",
  mailbox: "Mailbox and credentials",
  inbox: "Messages in the mailbox",
  "folder-in": "Folder IN",
  "folder-out": "Folder OUT",
  "folder-sent": "Folder SENT",
  "folder-staging": "Staging folder",
  "folder-archive": "Archive folder",
  client: "MESH client",
};

export function stepOf(name: CheckStepName, finding: Finding): CheckStep {
  return { name, title: titles[name], ...finding };
}

export function failedFinding(error: CpisError, more: readonly string[] = []): Finding {
  return { result: "fail", seen: [error.message, ...more], code: error.code, advice: error.advice };
}

export function skippedStep(name: CheckStepName, reason = "An earlier step failed."): CheckStep {
  return stepOf(name, { result: "skipped", seen: [reason] });
}

function coded(error: unknown, code: ErrorCode): CpisError {
  return isCpisError(error) ? error : new CpisError(code, { cause: error });
}

export function createCheckRun(effects: CheckEffects, limits: CheckLimits, whole: AbortSignal): CheckRun {
  return {
    effects,
    limits,
    async attempt(work, milliseconds, code) {
      const giveUp = new AbortController();
      const { promise: isOver, reject } = Promise.withResolvers<never>();
      const end = (detail: string): void => {
        reject(new CpisError(code, { detail }));
        giveUp.abort();
      };
      const onWhole = (): void => end("the time for the whole check is over");
      const timer = setTimeout(() => end(`nothing within ${milliseconds} ms`), milliseconds);
      whole.addEventListener("abort", onWhole);
      try {
        if (whole.aborted) onWhole();
        return { kind: "done", value: await Promise.race([isOver, work(giveUp.signal)]) };
      } catch (error) {
        return { kind: "failed", error: coded(error, code) };
      } finally {
        clearTimeout(timer);
        whole.removeEventListener("abort", onWhole);
      }
    },
  };
}
