// Keeps the simulator on this machine: nobody else may reach it.
import net from "node:net";
import { CpisError } from "../errors.js";

/** The simulator has no protection that a network would need. Throws CONFIG_INVALID for any other address. */
export function requireLoopback(host: string): string {
  const address = host === "localhost" ? "127.0.0.1" : host;
  const isLoopback = (net.isIPv4(address) && address.startsWith("127.")) || address === "::1";
  if (!isLoopback) throw new CpisError("CONFIG_INVALID", { detail: "the simulator's host is not a loopback address" });
  return address;
}

/** "https://127.0.0.1:12345", without a path. */
export function httpsUrl(host: string, port: number): string {
  return `https://${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
}
