// Reads a stream no faster than told.
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/** The chunks of the stream as they come, or with a pause after each. */
export async function* readSlowly(stream: Readable, bytesPerSecond: number | undefined): AsyncGenerator<Buffer> {
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    yield chunk;
    if (bytesPerSecond !== undefined) await sleep((chunk.byteLength / bytesPerSecond) * 1000);
  }
}
