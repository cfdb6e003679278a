// Building a query and reading a response, beside a general XML library on the same content.
import { XMLParser } from "fast-xml-parser";
import { decideQueryOutcome } from "../../lib/cpis/query/query-outcome.js";
import { parseXml } from "../../lib/xml/parse-xml.js";
import { compareRates, type Row } from "./measure.js";
import { buildQueryBody, buildResponse, queryContext } from "./sample-messages.js";

const bareOptions = { ignoreAttributes: false, parseTagValue: false, parseAttributeValue: false };

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
  ];
}
