// Has a question as it would be sent checked by the organisation's own schemas. It is sent nowhere, and about an invented child.
import { parseNhsNumber } from "../../cpis/nhs-number.js";
import { encodeQueryRequest } from "../../cpis/query/query-request.js";
import { definedOnly } from "../../defined-only.js";
import { CpisError } from "../../errors.js";
import { hl7TimeAt } from "../../hl7v3/timestamp.js";
import type { SchemaVerdict } from "../../schema/model.js";
import { stepOf, type CheckRun } from "./check-run.js";
import type { CheckEffects, CheckStep, EbxmlCheck, Finding } from "./connection-check-model.js";

/** Of a range that no patient has. */
const inventedNumber = "9990001014";
const inventedAsid = "990000000145";
const mostShown = 5;

function sampleQuery(effects: CheckEffects): Buffer {
  const organisation = { code: "ZT7", codeType: "organisation", name: "EXAMPLE HOSPITAL" } as const;
  const text = encodeQueryRequest({
    nhsNumber: parseNhsNumber(inventedNumber),
    author: {
      kind: "person",
      userId: "990000001001",
      roleProfileId: "990000001002",
      role: { code: "R8000", displayName: "Clinical Practitioner Access Role" },
      name: { given: ["Ann"], family: "Example" },
      organisation,
    },
    fromAsid: inventedAsid,
    toAsid: inventedAsid,
    messageId: effects.newUuid(),
    eventId: effects.newUuid(),
    queriedAt: hl7TimeAt(effects.now()),
  });
  return Buffer.from(text, "utf8");
}

function findingOf(verdict: SchemaVerdict): Finding {
  switch (verdict.kind) {
    case "valid":
      return { result: "pass", seen: [`A question as it would be sent is valid by your schema ${verdict.schema}.`] };
    case "invalid": {
      const rules = verdict.findings
        .slice(0, mostShown)
        .map(({ line, element, attribute, rule }) =>
          [`Line ${line}, ${element}`, ...(attribute === undefined ? [] : [`@${attribute}`]), rule].join(": "),
        );
      const seen = `A question as it would be sent is not valid by your schema ${verdict.schema}: ${verdict.total} findings.`;
      const advice =
        "Compare the version of your schemas with that of your contract, and give the findings to support.";
      return { result: "warn", seen: [seen, ...rules], advice };
    }
    case "no-schema":
      return { result: "skipped", seen: ["Your schemas have none for a question."] };
    case "not-checked":
    case "unusable": {
      const detail = verdict.kind === "unusable" ? verdict.detail : undefined;
      const { code, message, advice } = new CpisError(verdict.code, definedOnly({ detail }));
      return { result: "warn", seen: [message], code, advice };
    }
  }
}

/** Nothing where the organisation has given no schemas. A fault of theirs warns: no question is kept back for it. */
export async function* checkSchemas({ judge }: EbxmlCheck, run: CheckRun): AsyncGenerator<CheckStep> {
  if (judge === undefined) return;
  const attempt = await run.attempt(
    () => judge(sampleQuery(run.effects)),
    run.limits.replyMilliseconds,
    "SCHEMA_TIMEOUT",
  );
  const verdict: SchemaVerdict =
    attempt.kind === "done" ? attempt.value : { kind: "not-checked", code: "SCHEMA_TIMEOUT" };
  yield stepOf("schemas", findingOf(verdict));
}
