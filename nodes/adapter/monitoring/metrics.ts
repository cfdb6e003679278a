// The metrics of this process: what is counted, under which names, and what may stand in their labels.
import { createMetricRegistry, type GaugeFamily } from "./metric-registry.js";
import { transportLabel } from "../transports/transport-registry.js";

const registry = createMetricRegistry();

const counters = {
  queries: registry.counter("cp_is_queries_total", "Queries that were answered, and those that failed by error code"),
  uploads: registry.counter("cp_is_uploads_total", "Uploads given to the node, by what became of them"),
  uploadRecords: registry.counter("cp_is_upload_records_total", "Records of answered uploads, as CP-IS judged them"),
  notifications: registry.counter("cp_is_notifications_total", "Accesses and inactive numbers given to the flow"),
  sent: registry.counter("cp_is_messages_sent_total", "Times that a message's bytes began to leave"),
  replies: registry.counter("cp_is_replies_total", "HTTP replies to messages sent over ebXML, by what they said"),
  received: registry.counter("cp_is_messages_received_total", "Messages that came in, by what was done with them"),
  refused: registry.counter("cp_is_requests_refused_total", "Requests that the listener refused"),
  deadLetters: registry.counter("cp_is_dead_letters_total", "Messages that are not sent any more, by their state"),
  setAside: registry.counter("cp_is_messages_set_aside_total", "Inbound messages that nobody took"),
  polls: registry.counter("cp_is_mesh_polls_total", "Looks into the MESH mailbox"),
  peerOutages: registry.counter("cp_is_peer_outages_total", "Times that the peer could not be reached any more"),
  storeOutages: registry.counter("cp_is_store_outages_total", "Times that a message store began to refuse work"),
};
const histograms = {
  queries: registry.histogram("cp_is_query_duration_seconds", "From sending a query to its outcome"),
  replies: registry.histogram("cp_is_reply_duration_seconds", "From sending a message over ebXML to its HTTP reply"),
};

/** What a peer names as its interaction may be anything: only these become labels, and "other". */
const interactions: ReadonlySet<string> = new Set([
  "QUPC_IN000006GB01",
  "MCCI_IN010000UK13",
  "REPC_IN000003GB01",
  "REPC_IN000004GB01",
  "REPC_IN000005GB01",
  "CP-ISLocalAuthorityUpload",
  "FileResponse",
  "CP-ISAccessToServiceNotification",
  "CP-ISInactiveNHSNumberNotification",
  "Acknowledgment",
  "MessageError",
  "MESH report",
]);

/** Which of them came tells whether there is a record: a look before and after a query would show it. */
const answers: ReadonlySet<string> = new Set(["QUQI_IN010000UK14", "REPC_IN000007GB01"]);

export function knownInteraction(interaction: string): string {
  if (answers.has(interaction)) return "answer to a query";
  return interactions.has(interaction) ? interaction : "other";
}

/** Of a time measured in milliseconds. */
const seconds = (milliseconds: number): number => milliseconds / 1000;

export interface QueryEnd {
  /** The transport's label. */
  readonly transport: string;
  /** What an answer was is the child's detail, and does not stand here. */
  readonly outcome: "answered" | "failed";
  readonly code?: string;
  readonly durationMilliseconds?: number;
}

/** The series of a transport's queries are there from the start, with each code that a failure can have. */
export function declareQueries(transport: string, codes: readonly string[]): void {
  counters.queries.declare({ transport, outcome: "answered", code: "" });
  for (const code of codes) counters.queries.declare({ transport, outcome: "failed", code });
  for (const outcome of ["answered", "failed"]) histograms.queries.declare({ transport, outcome });
}

export function queryEnded({ transport, outcome, code = "", durationMilliseconds }: QueryEnd): void {
  counters.queries.add({ transport, outcome, code });
  if (durationMilliseconds !== undefined)
    histograms.queries.observe({ transport, outcome }, seconds(durationMilliseconds));
}

const uploadOutcomes = ["stored", "refused", "failed", "answered", "undelivered"] as const;

export function declareUploads(transport: string): void {
  for (const outcome of uploadOutcomes) counters.uploads.declare({ transport, outcome });
  for (const outcome of ["accepted", "refused"]) counters.uploadRecords.declare({ transport, outcome });
}

export function uploadCounted(transport: string, outcome: (typeof uploadOutcomes)[number]): void {
  counters.uploads.add({ transport, outcome });
}

export function recordsJudged(
  transport: string,
  judged: { readonly accepted: number; readonly refused: number },
): void {
  counters.uploadRecords.add({ transport, outcome: "accepted" }, judged.accepted);
  counters.uploadRecords.add({ transport, outcome: "refused" }, judged.refused);
}

const notificationKinds = ["access", "inactive-number", "unknown", "unreadable"] as const;

export function declareNotifications(transport: string): void {
  for (const kind of notificationKinds) counters.notifications.declare({ transport, kind });
}

export function notificationsGiven(transport: string, kind: (typeof notificationKinds)[number], count = 1): void {
  counters.notifications.add({ transport, kind }, count);
}

/** Of a transport of either kind. `id` is the node's. */
export function declareTransport(id: string): void {
  const transport = transportLabel(id);
  for (const state of ["failed", "expired", "held"]) counters.deadLetters.declare({ transport, state });
  counters.setAside.declare({ transport });
  counters.peerOutages.declare({ transport });
}

export function declareEbxml(id: string): void {
  const transport = transportLabel(id);
  counters.sent.declare({ transport, interaction: "QUPC_IN000006GB01" });
  for (const outcome of ["accepted", "acknowledged"]) {
    counters.replies.declare({ transport, outcome });
    histograms.replies.declare({ transport, outcome });
  }
  counters.received.declare({ transport, interaction: "answer to a query", outcome: "answer" });
  counters.refused.declare({ transport, reason: "tls" });
}

export function declareMesh(id: string): void {
  const transport = transportLabel(id);
  counters.sent.declare({ transport, interaction: "CP-ISLocalAuthorityUpload" });
  for (const outcome of ["done", "failed"]) counters.polls.declare({ transport, outcome });
  for (const interaction of ["FileResponse", "CP-ISAccessToServiceNotification", "MESH report"]) {
    counters.received.declare({ transport, interaction, outcome: "new" });
  }
}

export function messageSent(id: string, interaction: string): void {
  counters.sent.add({ transport: transportLabel(id), interaction: knownInteraction(interaction) });
}

export function replied(id: string, outcome: string, durationMilliseconds: number): void {
  const labels = { transport: transportLabel(id), outcome };
  counters.replies.add(labels);
  histograms.replies.observe(labels, seconds(durationMilliseconds));
}

export function messageReceived(id: string, interaction: string, outcome: string): void {
  counters.received.add({ transport: transportLabel(id), interaction: knownInteraction(interaction), outcome });
}

export function requestRefused(id: string, reason: string): void {
  counters.refused.add({ transport: transportLabel(id), reason });
}

export function deadLetter(id: string, state: "failed" | "expired" | "held"): void {
  counters.deadLetters.add({ transport: transportLabel(id), state });
}

export function messageSetAside(id: string): void {
  counters.setAside.add({ transport: transportLabel(id) });
}

export function peerOutage(id: string): void {
  counters.peerOutages.add({ transport: transportLabel(id) });
}

export function meshPolled(id: string, outcome: "done" | "failed"): void {
  counters.polls.add({ transport: transportLabel(id), outcome });
}

export function declareStore(store: string): void {
  counters.storeOutages.declare({ store });
}

export function storeOutage(store: string): void {
  counters.storeOutages.add({ store });
}

export function metricsText(gauges: readonly GaugeFamily[]): string {
  return registry.text(gauges);
}
