// What a connection check of an ebXML transport looks at, whether the transport is open or not.
import { definedOnly } from "../../lib/defined-only.js";
import { CpisError, isCpisError } from "../../lib/errors.js";
import type { CheckedListener, EbxmlCheck } from "../../lib/services/connection-check/connection-check-model.js";
import type { ClientNames } from "../../lib/tls/peer-name.js";
import type { ProxySettings } from "../../lib/tls/proxy.js";
import type { TlsMaterial } from "../../lib/tls/tls-material.js";
import type { PreparedCheck } from "../adapter/transports/connection-check-route.js";
import type { OperatorLog } from "../adapter/runtime/operator-log.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import type { SpineSimulator } from "../adapter/transports/simulator-link.js";
import type { EbxmlTransport } from "../adapter/transports/transport-model.js";
import type { ContractDesk } from "./contract-manager.js";
import { openSimulatorDesk, openSpineDesk, queryInteraction, type SpineAccess } from "./session-contracts.js";
import type { TransportSettings } from "./transport-settings.js";

/** What a session, or a check without one, looks up contracts and connects with. */
export interface CheckedDesk {
  readonly desk: ContractDesk;
  readonly tls: TlsMaterial;
  readonly clientNames: ClientNames;
  readonly proxy: ProxySettings | undefined;
}

/** The contract of the query: that of an upload goes to the same place. */
export function ebxmlCheckOf({ desk, tls, clientNames, proxy }: CheckedDesk, listener: CheckedListener): EbxmlCheck {
  const contract = desk.checked(queryInteraction);
  return { kind: "ebxml", tls, clientNames, contract, listener, ...definedOnly({ proxy }) };
}

export interface UnopenedParts {
  readonly settings: TransportSettings;
  readonly log: OperatorLog;
  readonly simulator: SpineSimulator | undefined;
  /** Throws CONFIG_MISSING, CONFIG_INVALID or TLS_CRL_INVALID. */
  openAccess(): SpineAccess;
}

interface UnopenedDesk extends CheckedDesk {
  close(): void;
}

function openSpineCheck({ settings, log, ...parts }: UnopenedParts): UnopenedDesk {
  const access = parts.openAccess();
  const { contracts, tls, clientNames, proxy } = access;
  try {
    const desk = openSpineDesk(settings, contracts, log);
    const closeAll = (): void => {
      desk.close();
      access.close();
    };
    return { desk, tls, clientNames, proxy, close: closeAll };
  } catch (error) {
    access.close();
    throw error;
  }
}

async function openDesk(parts: UnopenedParts): Promise<UnopenedDesk> {
  const { settings, log, simulator } = parts;
  if (settings.spine.kind === "spine") return openSpineCheck(parts);
  if (simulator === undefined) throw new CpisError("CONFIG_CLOSED", { detail: "there is no simulator yet" });
  const { keyPem, certPem } = await simulator.issueClient(settings.partyKey);
  const tls = { key: keyPem, cert: certPem, ca: simulator.caPem };
  const desk = openSimulatorDesk(settings, simulator, settings.spine.pattern, log);
  return { desk, tls, clientNames: "any", proxy: undefined, close: () => desk.close() };
}

/** Without users, or with a listener or store that fails, the way to the other side can be tried all the same. */
async function prepareUnopened(error: CpisError, parts: UnopenedParts): Promise<PreparedCheck> {
  const checked = await openDesk(parts);
  // Missing names have a step of their own.
  const isOnlyClosed = ["CONFIG_CLOSED", "CONFIG_CLIENT_NAMES"].includes(error.code);
  const listener: CheckedListener = isOnlyClosed ? { kind: "closed" } : { kind: "closed", error };
  return { check: ebxmlCheckOf(checked, listener), close: () => checked.close() };
}

/** Rejects with what is wrong with the settings. */
export async function prepareTransportCheck(
  transport: EbxmlTransport,
  signal: AbortSignal,
  parts: () => UnopenedParts,
): Promise<PreparedCheck> {
  const open = await transport.whenOpen(signal).catch((error: unknown) => toCpisError(error));
  if (isCpisError(open)) return prepareUnopened(open, parts());
  return { check: open.check };
}
