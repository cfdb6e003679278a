// No response is taken for a success that anything in it speaks against, however it was changed. All people are invented.
import assert from "node:assert/strict";
import type { UploadRecord, UploadRecordResult, UploadResponse } from "../../../../lib/cpis/upload/upload-model.js";
import { encodeUploadResponse } from "../../../../lib/cpis/upload/upload-response.js";
import { isCpisError } from "../../../../lib/errors.js";
import { createSentRecordTable, indexSentRecords } from "../../../../lib/services/upload/sent-record-index.js";
import { matchResponse } from "../../../../lib/services/upload/upload-matching.js";
import { changedResponse, createChance, knownPlaces, signsAgainst } from "../../../support/cpis/changed-responses.js";

const seeds = [20_251_103, 7, 4_242, 990_000_018];
const changesASeed = 5_000;
const numbers = ["9990000018", "9990000026"] as const;

function recordOf(nhsNumber: string): UploadRecord {
  return {
    plans: [{ planType: "child-protection-plan", startDate: "2025-11-03T09:00" }],
    subjects: [
      {
        kind: "child",
        nhsNumber,
        localId: `L${nhsNumber}`,
        birthDate: "2016-03-14",
        givenName: "Test",
        familyName: "Child",
      },
    ],
  };
}

const sent = numbers.map(recordOf);
const file = { fileId: "7", localAuthority: "998", nhsNumbers: numbers };

function result(index: number, code: string): UploadRecordResult {
  const record = sent[index] ?? recordOf("9990000034");
  const accepted = code === "CPR06";
  const results = [{ code, details: [], location: `/FileResponse/message[${index + 1}]` }];
  return { index, accepted, results, subjects: record.subjects, plans: accepted ? [] : record.plans };
}

function response(code: string, records: readonly UploadRecordResult[], change: Partial<UploadResponse> = {}): string {
  const successful = records.filter(({ accepted }) => accepted).length;
  return encodeUploadResponse({
    fileId: "7",
    createdAt: { raw: "20260302073000+0000", iso: "2026-03-02T07:30:00Z", zone: "explicit" },
    recordsProcessed: 2,
    fileResults: [{ code }],
    localAuthority: { code: "998", name: "EXAMPLE TEST COUNCIL", emergencyDutyTelephone: "01632960999" },
    successful,
    failed: records.length - successful,
    unlinkedResults: [],
    records,
    ...change,
  });
}

function wrapped(text: string, typeCode: string): string {
  return (
    `<REPC_IN000003GB01 xmlns="urn:hl7-org:v3"><acknowledgement typeCode="${typeCode}"><messageRef><id root="1"/></messageRef></acknowledgement>` +
    `<ControlActEvent>${text}</ControlActEvent></REPC_IN000003GB01>`
  );
}

const successes = [
  response("CPF02", [result(0, "CPR06"), result(1, "CPR06")]),
  response("CPF02", [], { successful: 2 }),
].flatMap((text) => [text, wrapped(text, "AA")]);
const failures = [
  response("CPF03", [result(0, "CPR06"), result(1, "CPR01")]),
  response("CPF04", [result(0, "CPR03"), result(1, "CPR07")]),
  response("CPF01", []),
  response("CPF06", []),
  wrapped(response("CPF01", []), "AE"),
  response("CPF02", [result(0, "CPR06")], { fileId: "8", recordsProcessed: 1, successful: 1 }),
];

async function outcomeOf(text: string): Promise<string> {
  const table = createSentRecordTable();
  for (const record of sent) table.add(record);
  const answered = {
    sent: indexSentRecords(table.table()),
    sentCount: sent.length,
    notSent: 0,
    indexOf: (position: number) => position,
  };
  async function* contents(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from(text));
  }
  try {
    const { outcome } = await matchResponse(contents, ({ fileId, localAuthority }) => {
      // The file is found by these two; any other is none of ours.
      const isOurs = [fileId ?? file.fileId, localAuthority?.code ?? file.localAuthority].join() === "7,998";
      return Promise.resolve(
        isOurs ? answered : { ...answered, sent: indexSentRecords(createSentRecordTable().table()), sentCount: 0 },
      );
    });
    return outcome.outcome;
  } catch (error) {
    assert.ok(isCpisError(error), String(error));
    return "unreadable";
  }
}

describe("A response that was changed", function () {
  this.timeout(600_000);
  const known = knownPlaces(successes);

  it("is accepted as it was, in each form of success", async () => {
    for (const text of successes) {
      assert.deepEqual(signsAgainst(text, file, known), []);
      assert.equal(await outcomeOf(text), "accepted");
    }
    for (const text of failures) {
      assert.notDeepEqual(signsAgainst(text, file, known), []);
      assert.notEqual(await outcomeOf(text), "accepted");
    }
  });

  for (const seed of seeds) {
    it(`is never accepted against any sign in it (seed ${seed}, ${changesASeed} responses)`, async () => {
      const chance = createChance(seed);
      const counts = new Map<string, number>();
      for (let number = 0; number < changesASeed; number += 1) {
        // Successes more often: what is no success at first seldom becomes one.
        const text = changedResponse([...successes, ...successes, ...failures], chance);
        const outcome = await outcomeOf(text);
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        if (outcome === "accepted")
          assert.deepEqual(signsAgainst(text, file, known), [], `response ${number}: ${text}`);
      }
      // The changes reach every kind of outcome, or this would prove nothing.
      for (const outcome of ["accepted", "unclear", "partly-accepted", "refused", "file-refused", "unreadable"]) {
        assert.ok((counts.get(outcome) ?? 0) > 20, `${outcome}: ${JSON.stringify([...counts])}`);
      }
    });
  }
});
