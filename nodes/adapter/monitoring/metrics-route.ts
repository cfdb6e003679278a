// Gives the metrics at one guarded admin path, with what waits and how long certificates last as it is at this moment.
import type { NodeAPI } from "node-red";
import { readQueues, type QueueDepth } from "../../../lib/services/overview.js";
import type { DeadLetterCount } from "../../../lib/store/message-store.js";
import type { GaugeFamily, GaugeReading } from "./metric-registry.js";
import { declareStore, knownInteraction, metricsText, storeOutage } from "./metrics.js";
import { openStores, storeEvents } from "../stores/store-registry.js";
import { systemEffects } from "../runtime/this-process.js";
import { transportLabel, transportsInSight } from "../transports/transport-registry.js";

export const metricsPath = "/cp-is/metrics";
/** Numbers only, no patient and no content: who may read the editor may read these. */
export const metricsPermission = "cp-is.metrics.read";

const dayMilliseconds = 86_400_000;

interface StoreReading {
  readonly label: string;
  readonly isReady: boolean;
  readonly queues: readonly QueueDepth[];
  readonly dead: readonly DeadLetterCount[];
}

/** A store that does not answer is told as such, and keeps nobody from the other numbers. */
async function readStore({ label, store }: ReturnType<typeof openStores>[number]): Promise<StoreReading> {
  try {
    const [queues, dead] = await Promise.all([readQueues(store), store.countDeadLetters()]);
    return { label, isReady: true, queues, dead };
  } catch {
    return { label, isReady: false, queues: [], dead: [] };
  }
}

/** Of transports with the same label the sum, or what `join` makes of two. */
function byTransport(
  entries: readonly (readonly [channel: string, value: number])[],
  join: (one: number, other: number) => number,
): readonly GaugeReading[] {
  const values = new Map(transportsInSight().map(({ label }) => [label, 0]));
  for (const [channel, value] of entries) {
    const label = transportLabel(channel);
    values.set(label, join(values.get(label) ?? 0, value));
  }
  return [...values].map(([transport, value]) => ({ labels: { transport }, value }));
}

function certificateReadings(now: number): readonly GaugeReading[] {
  return transportsInSight().flatMap((transport) =>
    transport.certificates().map(({ owner, notAfter }) => ({
      labels: { transport: transport.label, owner },
      value: Math.floor((notAfter - now) / dayMilliseconds),
    })),
  );
}

function foreignReadings(): readonly GaugeReading[] {
  return transportsInSight().flatMap((transport) => {
    const { label } = transport;
    const current = transport.state();
    return current.kind === "collecting" ? [{ labels: { transport: label }, value: current.foreign ?? 0 }] : [];
  });
}

function deadReadings(dead: readonly DeadLetterCount[]): readonly GaugeReading[] {
  const values = new Map<string, GaugeReading>();
  for (const { channel, interaction, count } of dead) {
    const labels = { transport: transportLabel(channel), interaction: knownInteraction(interaction) };
    const key = JSON.stringify(labels);
    values.set(key, { labels, value: count + (values.get(key)?.value ?? 0) });
  }
  return [...values.values()];
}

async function readGauges(now: number): Promise<readonly GaugeFamily[]> {
  const stores = await Promise.all(openStores().map(readStore));
  const queues = stores.flatMap((store) => store.queues);
  const sum = (one: number, other: number): number => one + other;
  const depths = queues.map(({ channel, waiting }) => [channel, waiting] as const);
  const held = queues.map((queue) => [queue.channel, queue.held] as const);
  const ages = queues.map(({ channel, oldestAt = now }) => [channel, Math.max(0, now - oldestAt) / 1000] as const);
  return [
    { name: "cp_is_queue_depth", help: "Messages that wait", readings: byTransport(depths, sum) },
    { name: "cp_is_queue_held", help: "Messages held until a person decides", readings: byTransport(held, sum) },
    {
      name: "cp_is_queue_oldest_age_seconds",
      help: "Age of the oldest message that waits",
      readings: byTransport(ages, Math.max),
    },
    {
      name: "cp_is_dead_letters_open",
      help: "Messages not sent any more that nobody has dealt with",
      readings: deadReadings(stores.flatMap(({ dead }) => dead)),
    },
    {
      name: "cp_is_mesh_foreign_messages",
      help: "Messages in a MESH mailbox that are not of CP-IS, and are left there",
      readings: foreignReadings(),
    },
    {
      name: "cp_is_store_up",
      help: "Whether the message store answers",
      readings: stores.map(({ label, isReady }) => ({ labels: { store: label }, value: isReady ? 1 : 0 })),
    },
    {
      name: "cp_is_certificate_days_left",
      help: "Whole days until a certificate ends",
      readings: certificateReadings(now),
    },
  ];
}

interface Response {
  status(code: number): Response;
  type(mediaType: string): Response;
  send(body: string): unknown;
}

storeEvents.on("opened", declareStore).on("outage", storeOutage);

const served = new WeakSet();

/** Once for each admin server, however many nodes ask for it. Without one there is no route. */
export function serveMetrics(RED: NodeAPI): void {
  const admin: unknown = RED.httpAdmin;
  if (typeof admin !== "function" || served.has(admin)) return;
  served.add(admin);
  RED.httpAdmin.get(metricsPath, RED.auth.needsPermission(metricsPermission), (_request, response: Response) => {
    readGauges(systemEffects.now())
      .then((gauges) => response.type("text/plain; version=0.0.4; charset=utf-8").send(metricsText(gauges)))
      .catch(() => response.status(500).type("text/plain").send("the metrics cannot be read\n"));
  });
}
