// Reads the body of an HTTP request within limits of its own and of all requests together.
import type { IncomingMessage } from "node:http";

/** Bytes that all bodies in flight may hold together. */
export interface ByteBudget {
  /** False when there is no room; then nothing was taken. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export function createByteBudget(maximumBytes: number): ByteBudget {
  let taken = 0;
  return {
    take(bytes): boolean {
      if (taken + bytes > maximumBytes) return false;
      taken += bytes;
      return true;
    },
    giveBack(bytes): void {
      taken -= bytes;
    },
  };
}

export type BodyReading =
  | { readonly kind: "complete"; readonly body: Buffer }
  | { readonly kind: "too-large" }
  /** The bodies in flight hold as much as they may. */
  | { readonly kind: "no-room" }
  /** The connection ended first. */
  | { readonly kind: "cut-short" };

/**
 * Reads to the end, decoding chunked coding. What was taken from the budget is given back when the reading failed;
 * after a complete one the caller gives back the length of the body. Never rejects.
 */
export function readBody(request: IncomingMessage, maximumBytes: number, budget: ByteBudget): Promise<BodyReading> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (reading: BodyReading): void => {
      request.off("data", onData).off("end", onEnd).off("close", onCut).off("error", onCut);
      // A late error of a request that was given up has no one else to hear it.
      request.on("error", () => request.destroy());
      if (reading.kind !== "complete") budget.giveBack(size);
      chunks.length = 0;
      resolve(reading);
    };
    const onData = (chunk: Buffer): void => {
      if (size + chunk.length > maximumBytes) {
        finish({ kind: "too-large" });
      } else if (!budget.take(chunk.length)) {
        finish({ kind: "no-room" });
      } else {
        size += chunk.length;
        chunks.push(chunk);
      }
    };
    const onEnd = (): void => finish({ kind: "complete", body: Buffer.concat(chunks, size) });
    const onCut = (): void => finish({ kind: "cut-short" });
    request.on("data", onData).on("end", onEnd).on("close", onCut).on("error", onCut);
  });
}
