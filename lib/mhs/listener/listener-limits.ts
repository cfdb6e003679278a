// The limits that keep the listener alive whatever its peers do.
import { defaultConnectionLimits, type ConnectionLimits } from "./connections.js";

export interface ListenerLimits extends ConnectionLimits {
  /** Of one body. Default 5,242,880 and 64 KiB for envelope and MIME. */
  readonly maximumBodyBytes: number;
  /** Of all bodies in flight together. Default 64 MiB. */
  readonly maximumBytesInFlight: number;
  /** Of the HTTP head. Default 16 KiB. */
  readonly maximumHeaderBytes: number;
  /** Default 3,000. */
  readonly handshakeMilliseconds: number;
  /** From the connection, or the previous request, to the end of the head. Default 10,000. */
  readonly headersMilliseconds: number;
  /** To the end of the body. Default 30,000. */
  readonly requestMilliseconds: number;
  /** How long a connection may stay without a request. Default 5,000. */
  readonly keepAliveMilliseconds: number;
  /** How long a connection may stay without a byte in either direction. Default 60,000. */
  readonly silenceMilliseconds: number;
  /** How long requests in progress may take once the listener closes. Default 5,000. */
  readonly closeGraceMilliseconds: number;
}

export const defaultListenerLimits: ListenerLimits = {
  ...defaultConnectionLimits,
  maximumBodyBytes: 5_242_880 + 65_536,
  maximumBytesInFlight: 67_108_864,
  maximumHeaderBytes: 16_384,
  handshakeMilliseconds: 3_000,
  headersMilliseconds: 10_000,
  requestMilliseconds: 30_000,
  keepAliveMilliseconds: 5_000,
  silenceMilliseconds: 60_000,
  closeGraceMilliseconds: 5_000,
};
