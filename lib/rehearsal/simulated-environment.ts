// The rehearsal against the simulator: a hospital over ebXML and a local authority over MESH, on loopback, in memory.
import { randomUUID } from "node:crypto";
import https from "node:https";
import { parseCpaId, parsePartyKey } from "../identifiers.js";
import { createMessageHandlingService } from "../mhs/message-handling-service.js";
import type { MhsEffects } from "../mhs/model.js";
import { verifyAudit } from "../services/audit.js";
import { createQueryService, queryServiceName } from "../services/query/query.js";
import {
  createPki,
  createSpineSimulator,
  sampleChildren,
  specialNumbers,
  specialUploadNumbers,
  type Pki,
  type SpineSimulator,
} from "../simulator/index.js";
import { systemAuthor } from "./people.js";
import { openAuthoritySide } from "./authority-side.js";
import { openStore, type HospitalSide, type RehearsalEnvironment } from "./environment.js";

const host = "127.0.0.1";
const answerPath = "/mhs/ebxml";
const hospital = { partyKey: "ZT6-900161", asid: "990000000161", cpaId: "S9000161A9000201" };
const authority = {
  code: "994",
  codeType: "organisation",
  name: "EXAMPLE REHEARSAL COUNCIL",
  emergencyDutyTelephone: "01632960999",
  officeHoursTelephone: "01632960001",
} as const;
/** What a transport lets in, as the nodes do. */
const answerActions: ReadonlySet<string> = new Set(["REPC_IN000007GB01", "QUQI_IN010000UK14", "MCCI_IN010000UK13"]);
const answerMilliseconds = 60_000;

async function openAuthority(simulator: SpineSimulator, effects: MhsEffects) {
  const { mesh } = simulator;
  const own = mesh.openMailbox({ odsCode: authority.code });
  const client = await simulator.issueClient(host);
  return openAuthoritySide(
    {
      localAuthority: authority,
      baseUrl: mesh.url,
      mailbox: own.mailbox,
      password: own.password,
      sharedKey: mesh.sharedKey,
      tls: { key: client.keyPem, cert: client.certPem, ca: simulator.caPem },
      recipient: mesh.cpisMailbox,
      workflowIds: mesh.workflowIds,
      pollMilliseconds: 100,
      waitMilliseconds: 60_000,
    },
    await openStore(),
    effects,
  );
}

async function openHospital(simulator: SpineSimulator, pki: Pki, effects: MhsEffects) {
  const client = await simulator.issueClient(host);
  const tls = { key: client.keyPem, cert: client.certPem, ca: simulator.caPem };
  const store = await openStore();
  const mhs = createMessageHandlingService({
    ownParty: { partyKey: parsePartyKey(hospital.partyKey), cpaId: parseCpaId(hospital.cpaId) },
    clientTls: tls,
    listener: { host, port: 0, path: answerPath, tls, clientNames: ["localhost"] },
    inbound: {
      senderOf: (partyKey) => (partyKey === simulator.contracts.express.toPartyKey ? "peer" : "stranger"),
      isKnownAction: (service, action) => service === queryServiceName && answerActions.has(action),
    },
    store,
    effects,
  });
  const { port } = await mhs.start();
  simulator.registerParty({ ...hospital, answerUrl: `https://${host}:${port}${answerPath}` });
  const serviceFor = (timeoutMilliseconds: number) =>
    createQueryService({
      mhs,
      effects,
      audit: { appendAudit: (entry) => store.appendAudit(entry), isOfMessageStore: true },
      settings: {
        fromAsid: hospital.asid,
        contract: () => Promise.resolve(simulator.contracts.express),
        checkActivities: true,
        timeoutMilliseconds,
        emptyResponse: "failed",
      },
    });
  const side: HospitalSide = {
    ask: (query, timeoutMilliseconds) =>
      serviceFor(timeoutMilliseconds ?? answerMilliseconds).ask(
        query.author.kind === "system" ? { ...query, author: { ...systemAuthor, asid: hospital.asid } } : query,
      ),
    verifyAudit: () => verifyAudit(store),
    async countAudited() {
      const entries = await store.readAudit(0, 100_000);
      const count = (event: string): number => entries.filter((entry) => entry.event === event).length;
      return { begun: count("query-asked"), ended: count("query-ended") };
    },
    async postAsForeigner(): Promise<number | undefined> {
      const other = await pki.issue({ commonName: "other.example", dnsNames: ["other.example"], usage: "both" });
      return new Promise((resolve) => {
        const request = https.request({
          host,
          port,
          path: answerPath,
          method: "POST",
          key: other.keyPem,
          cert: other.certPem,
          ca: simulator.caPem,
          checkServerIdentity: () => undefined,
        });
        request.on("response", (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        request.on("error", () => resolve(undefined));
        request.end("<REPC_IN000007GB01/>");
      });
    },
  };
  const close = async (): Promise<void> => {
    await mhs.close();
    await store.close();
  };
  return { side, close };
}

/** The names that scenarios use: what happens at a special number, and children of the register. */
function numbersOfSimulator(): ReadonlyMap<string, string> {
  const numbers = new Map(specialNumbers.map(({ behaviour, nhsNumber }) => [behaviour, nhsNumber]));
  for (const { nhsNumber, code } of specialUploadNumbers) if (!numbers.has(code)) numbers.set(code, nhsNumber);
  // The first children of the register have one live plan each, with both telephones.
  for (const planType of ["child-protection-plan", "looked-after-child", "unborn-child-protection-plan"]) {
    const holder = sampleChildren(Date.now()).find(
      ({ plans }) => plans.length === 1 && plans[0]?.planType === planType,
    );
    if (holder !== undefined) numbers.set(`has-${planType}`, holder.nhsNumber);
  }
  numbers.set("child-a", "9990000018");
  numbers.set("child-b", "9990000026");
  numbers.set("mother", "9990000034");
  numbers.set("replacement", "9990000069");
  numbers.set("wrong-check-digit", "9990001015");
  return numbers;
}

/** Starts it all; the role decides what is opened. */
export async function openSimulatedEnvironment(role: "hospital" | "authority"): Promise<RehearsalEnvironment> {
  const effects: MhsEffects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
  const pki = await createPki(effects);
  const simulator = await createSpineSimulator({
    pki,
    effects,
    accessNotificationDelayMilliseconds: 0,
    lateAnswerMilliseconds: 8_000,
  });
  const messages: Uint8Array[] = [];
  simulator.events.on("exchange", ({ request }) => {
    const payload =
      /<(QUPC_IN000006GB01|REPC_IN000007GB01|QUQI_IN010000UK14|MCCI_IN010000UK13)[\s>][\s\S]*?<\/\1>/.exec(request);
    if (payload !== null) messages.push(Buffer.from(payload[0], "utf8"));
  });
  const asked = await openHospital(simulator, pki, effects);
  const uploads = role === "authority" ? await openAuthority(simulator, effects) : undefined;
  return {
    name: "simulator",
    abilities: new Set(["commands", "foreign-certificate", "restart", "mesh", "conversation"]),
    numbers: numbersOfSimulator(),
    hospital: asked.side,
    ...(uploads === undefined ? {} : { authority: uploads.side }),
    command: (command) => void simulator.applyCommand(command),
    takeMessages: () => messages.splice(0),
    async close(): Promise<void> {
      await uploads?.close();
      await asked.close();
      await simulator.close();
    },
  };
}
