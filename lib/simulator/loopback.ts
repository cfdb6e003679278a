// Keeps a simulated server on this machine: it has none of the protection that a network would need.
import net from "node:net";
import { CpisError } from "../errors.js";

/** Gives the address. Throws CONFIG_INVALID for one that is not loopback. */
export function requireLoopbackHost(host: string): string {
  const address = host === "localhost" ? "127.0.0.1" : host;
  const isLoopback = (net.isIPv4(address) && address.startsWith("127.")) || address === "::1";
  if (!isLoopback) throw new CpisError("CONFIG_INVALID", { detail: "the simulator's host is not a loopback address" });
  return address;
}

/** "https://127.0.0.1:8443", without a path. */
export function httpsUrl(address: string, port: number): string {
  return `https://${net.isIPv6(address) ? `[${address}]` : address}:${port}`;
}
