// Building a query and reading a response, beside a general XML library on the same content.
import { randomBytes } from "node:crypto";
import { XMLParser } from "fast-xml-parser";
import { decideQueryOutcome } from "../../lib/cpis/query/query-outcome.js";
import { encodeBusinessMessage } from "../../lib/ebxml/encode-message.js";
import { parseEbxml } from "../../lib/ebxml/parse-ebxml.js";
import { parseXml } from "../../lib/xml/parse-xml.js";
import { compareRates, type Row } from "./measure.js";
import { buildQueryBody, buildQueryText, buildResponse, queryContext, wrapPayload } from "./sample-messages.js";

const bareOptions = { ignoreAttributes: false, parseTagValue: false, parseAttributeValue: false };

/** An express message of 760 kB, most of it four attachments in base64. */
function measureMultiparts(): readonly Row[] {
  const content = randomBytes(139_000);
  const attachments = [1, 2, 3, 4].map((index) => ({
    contentId: `attachment-${index}@example.nhs.uk`,
    contentType: "application/octet-stream",
    content,
  }));
  const message = { ...wrapPayload(Buffer.from(buildQueryText(1), "utf8"), 1), attachments };
  const encoded = encodeBusinessMessage(message);
  const text = content.toString("base64");
  const kilobytes = Math.round(encoded.body.byteLength / 1000);
  if (parseEbxml(encoded).kind !== "parsed") throw new Error("the sample is not read");
  return [
    compareRates(
      `read a multipart of ${kilobytes} kB with base64 / decoding the base64 alone`,
      "0.2",
      () => parseEbxml(encoded),
      () => attachments.map(() => Buffer.from(text, "base64")),
    ),
    compareRates(
      `build a multipart of ${kilobytes} kB with base64 / encoding the base64 alone`,
      "0.2",
      () => encodeBusinessMessage(message),
      () => attachments.map((attachment) => attachment.content.toString("base64")),
    ),
  ];
}

export function measureCodecs(): readonly Row[] {
  const response = buildResponse();
  const kilobytes = (response.byteLength / 1000).toFixed(1);
  const bareParse = (): unknown => new XMLParser(bareOptions).parse(response);
  const decision = decideQueryOutcome(queryContext, parseXml(response), { emptyResponse: "failed" });
  if (decision.kind !== "result" || decision.result.outcome !== "found") throw new Error("the sample is not read");

  const [before = "", after = ""] = buildQueryBody(1).toString("utf8").split("QUPC_IN000006GB01</eb:Action>");
  let index = 0;
  const next = (): number => (index = (index + 4) % 1_000_000);
  return [
    compareRates(
      "build a query: HL7, ebXML, MIME / joining three strings of that size",
      "none set",
      () => buildQueryBody(next()),
      () => Buffer.from(before + String(next()) + after, "utf8"),
    ),
    compareRates(`read ${kilobytes} kB of XML strictly / fast-xml-parser`, "0.6", () => parseXml(response), bareParse),
    compareRates(
      `read ${kilobytes} kB and decide the outcome / fast-xml-parser`,
      "0.6",
      () => decideQueryOutcome(queryContext, parseXml(response), { emptyResponse: "failed" }),
      bareParse,
    ),
    ...measureMultiparts(),
  ];
}
