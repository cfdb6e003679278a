// Takes the parts of an answer out of its message.
import type { AnswerParts } from "../../cpis/query/answer-parts.js";
import type { BusinessMessage } from "../../ebxml/model.js";
import { CpisError, isCpisError } from "../../errors.js";
import { parseXml } from "../../xml/parse-xml.js";
import type { XmlElement } from "../../xml/xml-element.js";

function readRoot(content: Uint8Array, charset: string | undefined): XmlElement | CpisError {
  try {
    return parseXml(content, charset === undefined ? {} : { charset });
  } catch (error) {
    if (isCpisError(error)) return error;
    throw error;
  }
}

/** An unreadable payload, or none, is still the answer. Whatever else came may be one too, whatever type it names. */
export function readParts(message: BusinessMessage): AnswerParts {
  const { payload, payloadCharset, attachments, externalReferences } = message;
  const others = attachments.flatMap(({ content }) => {
    const root = readRoot(content, undefined);
    return isCpisError(root) ? [] : [root];
  });
  return {
    payload: payload === undefined ? new CpisError("EBXML_PAYLOAD_MISSING") : readRoot(payload, payloadCharset),
    others,
    hasMore: attachments.length > 0 || externalReferences.length > 0,
  };
}
