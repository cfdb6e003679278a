// The verb `simulate`: the simulator alone, for the tests of other systems.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import { requiredOption, textOption, type Verb } from "./verb.js";

export const simulate: Verb = {
  name: "simulate",
  summary: "runs the simulated Spine, MESH, directory and mini service for the tests of other systems",
  usage:
    "--folder <folder> [--port <port>] [--party-key <key> --asid <asid> --cpa-id <id> --answers-to <https address>]",
  help: `Listens on 127.0.0.1 only, until it is stopped with Ctrl+C. The folder keeps its certificate authority from one
start to the next; a client certificate for you is written there. With the last four it knows your system, and sends answers
to it. Everybody in it is invented. Nothing need be stopped.`,
  options: {
    folder: { type: "string" },
    port: { type: "string" },
    "party-key": { type: "string" },
    asid: { type: "string" },
    "cpa-id": { type: "string" },
    "answers-to": { type: "string" },
  },
  async run(values, surroundings) {
    // Other verbs need no simulator, and not what it needs.
    const { createSpineSimulator, loadOrCreatePki, specialNumbers } = await import("../../lib/simulator/index.js");
    const folder = path.resolve(requiredOption(values, "folder"));
    const effects = { now: () => Date.now(), newUuid: () => randomUUID().toUpperCase() };
    const pki = await loadOrCreatePki(folder, effects);
    const port = textOption(values, "port");
    const simulator = await createSpineSimulator({
      pki,
      effects,
      ...(port === undefined ? {} : { port: Number(port) }),
    });
    try {
      const client = await pki.loadOrIssue("client", {
        commonName: "client",
        dnsNames: ["localhost"],
        ipAddresses: ["127.0.0.1"],
        usage: "both",
      });
      const partyKey = textOption(values, "party-key");
      if (partyKey !== undefined) {
        simulator.registerParty({
          partyKey,
          asid: requiredOption(values, "asid"),
          cpaId: requiredOption(values, "cpa-id"),
          answerUrl: requiredOption(values, "answers-to"),
        });
      }
      const addresses = {
        spine: simulator.url,
        contracts: simulator.contracts,
        mesh: {
          url: simulator.mesh.url,
          sharedKey: simulator.mesh.sharedKey,
          cpisMailbox: simulator.mesh.cpisMailbox,
          workflowIds: simulator.mesh.workflowIds,
        },
        directory: simulator.sds.baseUrl,
        miniService: simulator.smsp.url,
        certificates: { authority: pki.caPath, client: client.path },
        numbers: Object.fromEntries(specialNumbers.map(({ behaviour, nhsNumber }) => [behaviour, nhsNumber])),
      };
      // Whoever reads the addresses may stop it at once.
      const stopped = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
      await surroundings.print(`${JSON.stringify(addresses, null, values["json"] === true ? undefined : 2)}\n`);
      await surroundings.tell("Running. Stop with Ctrl+C.\n");
      await stopped;
    } finally {
      await simulator.close();
    }
    return undefined;
  },
};
