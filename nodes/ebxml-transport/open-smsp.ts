// Makes the client of the Spine mini service that a transport may ask.
import { distributionServices } from "../../lib/itk/names.js";
import { createSmspClient, type SmspClient } from "../../lib/smsp/smsp-client.js";
import type { SmspSettings } from "../../lib/smsp/model.js";
import { definedOnly } from "../../lib/defined-only.js";
import type { ProxySettings } from "../../lib/tls/proxy.js";
import type { TlsMaterial } from "../../lib/tls/tls-material.js";
import type { CertificateObserver } from "../../lib/tls/certificates.js";
import type { CertificateSight } from "../adapter/transports/certificate-watch.js";
import type { SpineSimulator } from "../adapter/transports/simulator-link.js";
import { systemEffects } from "../adapter/runtime/this-process.js";
import type { TransportSettings } from "./transport-settings.js";

/** Longer than any query waits: the time-out of the query decides. */
const answerMilliseconds = 86_400_000;

/** What the simulated provider takes; a true one says for itself what it wants. */
const simulatedSettings: Omit<SmspSettings, "senderOdsCode" | "providerOdsCode"> = {
  requestService: distributionServices.request,
  profileId: "urn:nhs-en:profile:CP-ISNHSQuery-v2-0",
  action: distributionServices.request,
  messageIdPrefix: "uuid:",
  security: { kind: "none" },
};

interface Way {
  readonly url: string;
  readonly tls: TlsMaterial;
  readonly proxy?: ProxySettings;
  readonly connectMilliseconds: number;
  readonly certificates: CertificateSight;
}

function createClient({ connectMilliseconds, certificates, ...way }: Way, settings: SmspSettings): SmspClient {
  const timeouts = { connectMilliseconds, answerMilliseconds };
  const peerShown: CertificateObserver = (chain) => certificates.see("mini-service", chain);
  return createSmspClient({ ...way, settings, timeouts, effects: systemEffects, peerShown });
}

/** Undefined when the transport offers none. Throws CONFIG_MISSING or CONFIG_INVALID. */
export function openSmsp(
  settings: TransportSettings,
  tls: TlsMaterial,
  certificates: CertificateSight,
  proxy: ProxySettings | undefined,
): SmspClient | undefined {
  const { smsp, connectTimeoutMilliseconds: connectMilliseconds } = settings;
  if (smsp?.kind !== "provider") return undefined;
  return createClient(
    { url: smsp.url, tls, connectMilliseconds, certificates, ...definedOnly({ proxy }) },
    smsp.settings,
  );
}

/** The same towards the simulator. */
export function openSimulatedSmsp(
  settings: TransportSettings,
  { smsp }: SpineSimulator,
  tls: TlsMaterial,
  certificates: CertificateSight,
): SmspClient | undefined {
  if (settings.smsp === undefined) return undefined;
  const names = { senderOdsCode: settings.organisation.code, providerOdsCode: smsp.providerOdsCode };
  const { connectTimeoutMilliseconds: connectMilliseconds } = settings;
  return createClient({ url: smsp.url, tls, connectMilliseconds, certificates }, { ...simulatedSettings, ...names });
}
