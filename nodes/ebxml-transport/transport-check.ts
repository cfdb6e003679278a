// What a connection check of an ebXML transport looks at, whether the transport is open or not.
import { CpisError, isCpisError } from "../../lib/errors.js";
import type { CheckedListener, EbxmlCheck } from "../../lib/services/connection-check/connection-check-model.js";
import type { ClientNames } from "../../lib/tls/peer-name.js";
import type { TlsMaterial } from "../../lib/tls/tls-material.js";
import type { PreparedCheck } from "../adapter/transports/connection-check-route.js";
import type { OperatorLog } from "../adapter/runtime/operator-log.js";
import { toCpisError } from "../adapter/runtime/run-input.js";
import type { SpineSimulator } from "../adapter/transports/simulator-link.js";
import type { EbxmlTransport } from "../adapter/transports/transport-model.js";
import type { ContractDesk } from "./contract-manager.js";
import { openSimulatorDesk, openSpineDesk, queryInteraction, type ContractAccess } from "./session-contracts.js";
import type { TransportSettings } from "./transport-settings.js";

/** What a session, or a check without one, looks up contracts and connects with. */
export interface CheckedDesk {
  readonly desk: ContractDesk;
  readonly tls: TlsMaterial;
  readonly clientNames: ClientNames;
}

/** The contract of the query: that of an upload goes to the same place. */
export function ebxmlCheckOf({ desk, tls, clientNames }: CheckedDesk, listener: CheckedListener): EbxmlCheck {
  return { kind: "ebxml", tls, clientNames, contract: desk.checked(queryInteraction), listener };
}

export interface UnopenedParts {
  readonly settings: TransportSettings;
  readonly log: OperatorLog;
  readonly simulator: SpineSimulator | undefined;
  /** Throws CONFIG_MISSING or CONFIG_INVALID. */
  spineAccess(): { readonly access: ContractAccess; readonly tls: TlsMaterial };
}

async function openDesk(parts: UnopenedParts): Promise<CheckedDesk> {
  const { settings, log, simulator } = parts;
  if (settings.spine.kind === "spine") {
    const { access, tls } = parts.spineAccess();
    return { desk: openSpineDesk(settings, access, log), tls, clientNames: settings.spine.clientNames };
  }
  if (simulator === undefined) throw new CpisError("CONFIG_CLOSED", { detail: "there is no simulator yet" });
  const { keyPem, certPem } = await simulator.issueClient(settings.partyKey);
  const tls = { key: keyPem, cert: certPem, ca: simulator.caPem };
  return { desk: openSimulatorDesk(settings, simulator, settings.spine.pattern, log), tls, clientNames: "any" };
}

/** Without users, or with a listener or store that fails, the way to the other side can be tried all the same. */
async function prepareUnopened(error: CpisError, parts: UnopenedParts): Promise<PreparedCheck> {
  const checked = await openDesk(parts);
  // Missing names have a step of their own.
  const isOnlyClosed = ["CONFIG_CLOSED", "CONFIG_CLIENT_NAMES"].includes(error.code);
  const listener: CheckedListener = isOnlyClosed ? { kind: "closed" } : { kind: "closed", error };
  return { check: ebxmlCheckOf(checked, listener), close: () => checked.desk.close() };
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
