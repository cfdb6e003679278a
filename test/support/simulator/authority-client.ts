// A local authority for the simulator's tests: files written by the codecs, sent over real sockets, answers fetched.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { LocalAuthority, Subject, UploadPlan } from "../../../lib/cpis/model.js";
import { encodeUploadFile } from "../../../lib/cpis/upload/upload-file.js";
import type { UploadRecord, UploadResponse } from "../../../lib/cpis/upload/upload-model.js";
import { parseUploadResponse } from "../../../lib/cpis/upload/upload-response.js";
import type { SimulatedMailbox, SimulatorEvents, SpineSimulatorOptions } from "../../../lib/simulator/index.js";
import { exampleBorough, exampleCounty } from "../../../lib/simulator/cpis/sample-people.js";
import { request, timestampAt, tokenOf, v2, type Headers, type Reply } from "./mesh-client.js";
import { openTestSpine, testPki, type TestSpine } from "./simulator-client.js";

export type UploadEvent = SimulatorEvents["upload"][0];
export type NotificationEvent = SimulatorEvents["notification"][0];

/** What waited in a mailbox. */
export interface Arrived {
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface TestAuthority {
  readonly spine: TestSpine;
  readonly county: SimulatedMailbox;
  readonly borough: SimulatedMailbox;
  /** Puts the file into the outbox of the mailbox, and waits until CP-IS has dealt with it. */
  send(file: string | Buffer, mailbox?: SimulatedMailbox, headers?: Headers): Promise<UploadEvent>;
  /** Sends records as the county's file, and gives the answer. */
  upload(records: readonly UploadRecord[], file?: Partial<FileOptions>): Promise<UploadResponse>;
  /** Fetches what is in the mailbox, and acknowledges it. */
  collect(mailbox?: SimulatedMailbox): Promise<readonly Arrived[]>;
  command(command: object): number | undefined;
  close(): Promise<void>;
}

export interface FileOptions {
  readonly fileId: string;
  readonly localAuthority: LocalAuthority;
  readonly mailbox: SimulatedMailbox;
}

export const plan: UploadPlan = { planType: "child-protection-plan", startDate: "2026-03-02T09:00" };

export function child(nhsNumber: string, change: Partial<Subject> = {}): Subject {
  return { kind: "child", nhsNumber, birthDate: "2015-03-14", givenName: "Test", familyName: "Child", ...change };
}

export function recordOf(
  nhsNumber: string,
  change: Partial<UploadPlan> = {},
  person: Partial<Subject> = {},
): UploadRecord {
  return { plans: [{ ...plan, ...change }], subjects: [child(nhsNumber, person)] };
}

export function fileOf(
  records: readonly UploadRecord[],
  { fileId = "1", localAuthority = exampleCounty }: Partial<Omit<FileOptions, "mailbox">> = {},
): string {
  return encodeUploadFile({ fileId, createdAt: "20261122060000+0000", localAuthority, records });
}

/** Codes of each record of a response, in its order. */
export function codesOf(response: UploadResponse): readonly (readonly string[])[] {
  return response.records.map(({ results }) => results.map(({ code }) => code));
}

function messagesOf({ json }: Reply): readonly string[] {
  const ids = typeof json === "object" && json !== null && "messages" in json ? json.messages : [];
  return Array.isArray(ids) ? ids.map(String) : [];
}

export async function openAuthority(options: Partial<SpineSimulatorOptions> = {}): Promise<TestAuthority> {
  const { pki, client } = await testPki();
  const spine = await openTestSpine(options);
  const { simulator, clock } = spine;
  const { mesh } = simulator;
  const county = mesh.openMailbox({ odsCode: "999" });
  const borough = mesh.openMailbox({ odsCode: "998" });
  const secure = { ca: pki.caPem, key: client.keyPem, cert: client.certPem };

  const call = (
    { mailbox, password }: SimulatedMailbox,
    method: string,
    path: string,
    headers: Headers = {},
    body = Buffer.alloc(0),
  ): Promise<Reply> => {
    const fields = { mailbox, nonce: randomUUID(), count: "0", password, timestamp: timestampAt(clock.now) };
    const all = {
      Accept: v2,
      Authorization: tokenOf({ ...fields, key: mesh.sharedKey }),
      ...(method === "GET" ? {} : { "Content-Length": String(body.byteLength) }),
      ...headers,
    };
    return request({ port: mesh.port, method, path: `/messageexchange/${mailbox}${path}`, headers: all, body, secure });
  };

  const send: TestAuthority["send"] = async (file, mailbox = county, headers = {}) => {
    const dealtWith = once(simulator.events, "upload") as Promise<[UploadEvent]>;
    const named = { "mex-To": mesh.cpisMailbox, "mex-WorkflowID": mesh.workflowIds.upload };
    const reply = await call(mailbox, "POST", "/outbox", { ...named, ...headers }, Buffer.from(file));
    if (reply.status !== 202) throw new Error(`the simulated MESH answers ${reply.status} ${reply.body.toString()}`);
    const [event] = await dealtWith;
    return event;
  };
  const collect: TestAuthority["collect"] = async (mailbox = county) => {
    const arrived: Arrived[] = [];
    for (const id of messagesOf(await call(mailbox, "GET", "/inbox"))) {
      const { headers, body } = await call(mailbox, "GET", `/inbox/${id}`);
      arrived.push({ headers, body });
      await call(mailbox, "PUT", `/inbox/${id}/status/acknowledged`);
    }
    return arrived;
  };
  return {
    spine,
    county,
    borough,
    send,
    collect,
    upload: async (records, file = {}) => {
      await send(fileOf(records, file), file.mailbox);
      const [answer] = await collect(file.mailbox);
      if (answer === undefined) throw new Error("no answer");
      return parseUploadResponse(answer.body);
    },
    command: (command) => simulator.applyCommand(command).notifications,
    close: () => spine.close(),
  };
}

export const county = exampleCounty;
export const borough = exampleBorough;
