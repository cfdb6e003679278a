// The one table of error codes, and the one error class.

interface ErrorDefinition {
  /** What happened, in one sentence without values. */
  readonly message: string;
  /** What the operator should do next. */
  readonly advice: string;
  /** Whether trying the same again later can help. */
  readonly retryable: boolean;
}

function define<Code extends string>(table: Record<Code, ErrorDefinition>): Record<Code, ErrorDefinition> {
  return table;
}

/**
 * Every code this package raises. A code is never reused or renamed. README and the nodes' help are checked against
 * this table by a test.
 */
export const errorTable = /* @__PURE__ */ define({
  XML_MALFORMED: {
    message: "The XML is not well formed",
    advice: "Ask the sender for a corrected message; the raw bytes are kept with the exchange.",
    retryable: false,
  },
  XML_TRUNCATED: {
    message: "The XML ends before its last element is closed",
    advice: "The message was cut on its way. Check proxies and size limits between the two parties.",
    retryable: false,
  },
  XML_EMPTY: {
    message: "There is no XML where an XML document was expected",
    advice: "Ask the sender why the part is empty.",
    retryable: false,
  },
  XML_DUPLICATE_ATTRIBUTE: {
    message: "An XML element carries the same attribute twice",
    advice: "Ask the sender for a corrected message.",
    retryable: false,
  },
  XML_UNDECLARED_PREFIX: {
    message: "The XML uses a namespace prefix that is not declared",
    advice: "Ask the sender for a corrected message.",
    retryable: false,
  },
  XML_DOCTYPE: {
    message: "The XML contains a document type declaration, which is refused",
    advice: "No Spine message has one. Treat the sender with suspicion.",
    retryable: false,
  },
  XML_ENTITY: {
    message: "The XML refers to an entity other than the five predefined ones",
    advice: "No Spine message does so. Treat the sender with suspicion.",
    retryable: false,
  },
  XML_ENCODING: {
    message: "The bytes are not valid text in the XML's character encoding",
    advice: "Ask the sender to send UTF-8, and to declare it.",
    retryable: false,
  },
  XML_VERSION: {
    message: "The document is of another version of XML than 1.0",
    advice: "Ask the sender to send XML 1.0; no Spine message is of another version.",
    retryable: false,
  },
  XML_TOO_LARGE: {
    message: "The XML is larger than the limit",
    advice: "Raise the size limit of the transport if the message is legitimate.",
    retryable: false,
  },
  XML_TOO_DEEP: {
    message: "The XML is nested deeper than the limit",
    advice: "No Spine message is. Treat the sender with suspicion.",
    retryable: false,
  },
  XML_TOO_MANY_NODES: {
    message: "The XML has more elements or attributes than the limit",
    advice: "No Spine message has. Treat the sender with suspicion.",
    retryable: false,
  },
  CPIS_INVALID_NHS_NUMBER: {
    message: "The NHS number is not valid",
    advice: "Check the number against PDS; it has ten digits and the last is a check digit.",
    retryable: false,
  },
  CPIS_INVALID_REQUEST: {
    message: "The request cannot be sent as it is",
    advice: "Supply what the text names, in the message or in the node.",
    retryable: false,
  },
  CPIS_NOT_AUTHORISED: {
    message: "The user's role does not allow this access to CP-IS",
    advice: "Unscheduled access needs the activity B0107 on the user's smartcard role. Nothing was sent.",
    retryable: false,
  },
  CPIS_SILENT_READ_UNAVAILABLE: {
    message: "Scheduled care access without notification is not available",
    advice:
      "Its wire form is not publicly confirmed: only a transport in which an administrator has stated it sends it. Nothing was sent.",
    retryable: false,
  },
  CPIS_NOT_SENT: {
    message: "The query could not be sent to Spine",
    advice: "CP-IS could not be checked: use the local fallback. The cause names what failed; nothing was recorded.",
    retryable: true,
  },
  CPIS_CONTRADICTORY_ANSWER: {
    message: "CP-IS has sent a second answer to a query that contradicts the one that was shown",
    advice:
      "Tell whoever saw the first answer at once, and ask again. Compare the two in the message log by the ids in msg.cpis, and report them to the national service desk.",
    retryable: false,
  },
  CPIS_NOT_AUDITED: {
    message: "The query could not be recorded in the audit, so it was not sent",
    advice:
      "CP-IS could not be checked: use the local fallback. The cause names what is wrong with the message store; what is not audited must not be asked.",
    retryable: true,
  },
  CPIS_TIMEOUT: {
    message: "No answer came in time; Spine may have recorded the access",
    advice: "CP-IS could not be checked: use the local fallback. A repeat is a second access and your decision.",
    retryable: true,
  },
  CPIS_SOAP_FAULT: {
    message: "Spine refused the message with a SOAP fault",
    advice: "CP-IS could not be checked: use the local fallback. Give the fault code to support.",
    retryable: false,
  },
  CPIS_HTTP_ERROR: {
    message: "Spine answered with an HTTP error",
    advice: "CP-IS could not be checked: use the local fallback. Give the status to support.",
    retryable: false,
  },
  CPIS_EBXML_ERROR: {
    message: "Spine refused the message with an ebXML error",
    advice:
      "CP-IS could not be checked: use the local fallback. Check party keys and CPA id; give the code to support.",
    retryable: false,
  },
  CPIS_UNPARSEABLE_REPLY: {
    message: "Spine's answer could not be read",
    advice: "CP-IS could not be checked: use the local fallback. Give the message ids to support.",
    retryable: false,
  },
  CPIS_UNEXPECTED_REPLY: {
    message: "Spine answered with a message that does not answer a query",
    advice: "CP-IS could not be checked: use the local fallback. Give the message ids to support.",
    retryable: false,
  },
  CPIS_CORRELATION_MISMATCH: {
    message: "The answer that came is the answer to another message",
    advice: "Nothing of it is shown. CP-IS could not be checked: use the local fallback. Give the ids to support.",
    retryable: false,
  },
  CPIS_WRONG_PATIENT: {
    message: "The answer is about another NHS number than the one asked",
    advice:
      "Nothing of it is shown. CP-IS could not be checked: use the local fallback, and report this as an incident.",
    retryable: false,
  },
  CPIS_INCONSISTENT_REPLY: {
    message: "The answer contradicts itself",
    advice: "CP-IS could not be checked: use the local fallback. Give the message ids to support.",
    retryable: false,
  },
  CPIS_UNREADABLE_PLAN: {
    message: "The answer holds plans, and none of them could be read",
    advice: "The child is probably known. CP-IS could not be read: ring the local authority.",
    retryable: false,
  },
  CPIS_QUERY_REJECTED: {
    message: "CP-IS rejected the query",
    advice: "CP-IS could not be checked: use the local fallback. Give the codes to support.",
    retryable: false,
  },
  CPIS_APPLICATION_ERROR: {
    message: "CP-IS answered with an application error",
    advice: "CP-IS could not be checked: use the local fallback. With code GE002 a repeat may help.",
    retryable: false,
  },
  CPIS_APPLICATION_REJECTED: {
    message: "Spine rejected the query as a whole",
    advice: "CP-IS could not be checked: use the local fallback. Check the ASIDs; give the codes to support.",
    retryable: false,
  },
  CPIS_ACCESS_DENIED: {
    message: "The Spine mini service refused the user's credentials",
    advice: "CP-IS could not be checked: use the local fallback. Check the user's role on the smartcard.",
    retryable: false,
  },
  CPIS_SMSP_ERROR: {
    message: "The Spine mini service answered with an error",
    advice: "CP-IS could not be checked: use the local fallback. Give the status code to the provider.",
    retryable: false,
  },
  CPIS_SMSP_NO_MATCH: {
    message: "The Spine mini service matched nothing, which does not say that there is no record",
    advice: "CP-IS could not be checked: use the local fallback. Trace the NHS number on PDS again.",
    retryable: false,
  },
  CPIS_UPLOAD_INVALID: {
    message: "Records of the upload break the rules of CP-IS, and nothing was sent",
    advice:
      "Each faulty record left by the second output, with its reasons. Correct them, or let the valid ones be sent.",
    retryable: false,
  },
  CPIS_UPLOAD_EMPTY: {
    message: "The upload holds no record",
    advice: "Give an array of records, or one record, in msg.payload. Absence from a file ends no plan.",
    retryable: false,
  },
  CPIS_UPLOAD_NUMBER_USED: {
    message: "The file's sequence number, or a higher one, was used before",
    advice: "Leave the number to the node, or give one that is higher than the last.",
    retryable: false,
  },
  CPIS_UPLOAD_REFUSED: {
    message: "CP-IS did not process the file, and none of its records was loaded",
    advice:
      "The response says why, and whether to correct the file or to send the same content later under a new number.",
    retryable: false,
  },
  CPIS_UPLOAD_UNCLEAR: {
    message: "The response of CP-IS contradicts itself or an earlier one, or has parts that are not known",
    advice:
      "Take none of the file's records as loaded. Ask the national service desk what became of the file, then send the records again.",
    retryable: false,
  },
  CPIS_UPLOAD_NOT_OURS: {
    message: "A response to an upload must not count, and was set aside",
    advice:
      "The detail says why. The response is kept in the message log; if CP-IS sent it, ask the national service desk what became of the file.",
    retryable: false,
  },
  CPIS_UPLOAD_UNKNOWN: {
    message: "Word came about a file that this store does not know",
    advice: "Look whether another system uploads for the same mailbox. The message is kept in the message log.",
    retryable: false,
  },
  CPIS_NOTHING_TO_CONFIRM: {
    message: "The message carries nothing that could be confirmed",
    advice:
      "Lead messages of a notification node here that is set to be confirmed by the flow, and keep msg.cpis.confirm.",
    retryable: false,
  },
  CPIS_MESSAGE_INVALID: {
    message: "The HL7 message lacks a part that must be there, or a value is not of its type",
    advice: "Ask the sender for a corrected message; the text names the part.",
    retryable: false,
  },
  CPIS_LOG_REQUEST_INVALID: {
    message: "The message log cannot read what it was asked",
    advice: "Reload the editor. A program that asks the log must send the JSON that the text names a field of.",
    retryable: false,
  },
  CPIS_LOG_NO_STORE: {
    message: "The message store that was asked for is not open",
    advice: "Deploy a flow with an ebXML or MESH transport that an enabled node uses, and choose the store again.",
    retryable: true,
  },
  CPIS_LOG_NOT_POSSIBLE: {
    message: "This cannot be done with the message as it is now",
    advice: "Look at the message again: it has moved on since, or it is of a kind with which this is never done.",
    retryable: false,
  },
  CPIS_LOG_ANSWERED: {
    message: "The message was answered, so it is not sent again",
    advice: "The peer has it. Read the answer in the message log, then send a new message from the flow.",
    retryable: false,
  },
  CPIS_LOG_DROPPED: {
    message: "A person decided in the message log that the held message is not sent",
    advice: "Its history names who did it. It can still be sent again as a new message.",
    retryable: false,
  },
  CPIS_LOG_MESSAGE_UNKNOWN: {
    message: "The message store holds no such message",
    advice: "Retention may have removed it. Look whether another message store holds it.",
    retryable: false,
  },
  CPIS_LOG_ANSWERS_WITHHELD: {
    message: "Searching by NHS number, or for an answer, needs the right to see answers",
    advice: "Give cp-is.messages.answers to those who need it; the right to read does not include it.",
    retryable: false,
  },
  CPIS_LOG_WITHOUT_USERS: {
    message: "Children's details are shown only to users that are known, and Node-RED asks nobody to log in",
    advice:
      "Set adminAuth in the settings of Node-RED, and give cp-is.messages.answers or cp-is.messages.content to those " +
      "who need it.",
    retryable: false,
  },
  CPIS_INTERNAL: {
    message: "A fault in this package's own program stopped the message",
    advice: "CP-IS could not be checked: use the local fallback. Report the place that the text names to the makers.",
    retryable: false,
  },
  EBXML_MALFORMED: {
    message: "The message is not a readable ebXML message",
    advice: "Ask the sender for a corrected message; the text names the part.",
    retryable: false,
  },
  EBXML_MIME: {
    message: "The MIME multipart structure of the message cannot be read",
    advice: "Ask the sender for a corrected message; the text names the part.",
    retryable: false,
  },
  EBXML_TOO_LARGE: {
    message: "The message is larger than may be sent or received",
    advice: "Send less at once, or raise the limit of the transport if the message is legitimate.",
    retryable: false,
  },
  EBXML_PAYLOAD_MISSING: {
    message: "The ebXML message refers to a part that it does not carry",
    advice: "Ask the sender for a corrected message.",
    retryable: false,
  },
  EBXML_CONNECT_FAILED: {
    message: "No connection to the message handling service could be made",
    advice: "Check the endpoint address, the name server and the network. Nothing was sent.",
    retryable: true,
  },
  EBXML_OUTCOME_UNKNOWN: {
    message: "Whether the peer has the message is not known, and it is of a kind that must not be sent twice",
    advice: "Find out from the peer whether it took effect; sending it again is a second message and your decision.",
    retryable: false,
  },
  EBXML_NOT_SENT: {
    message: "The program that asked ended before the message was sent",
    advice: "Nothing was sent. Ask again if the answer is still needed.",
    retryable: true,
  },
  EBXML_NOT_RESENDABLE: {
    message: "A query is never sent again: it would be a second access to the record",
    advice: "If the answer is still needed, ask anew in the flow; that is a new access, and is recorded as one.",
    retryable: false,
  },
  EBXML_NO_RESPONSE: {
    message: "The peer has the message, and no answer came while one was waited for",
    advice: "An answer that still comes is kept as a late one. Give the message ids to support.",
    retryable: false,
  },
  EBXML_NOT_ACKNOWLEDGED: {
    message: "The peer did not acknowledge the message within the time of its contract",
    advice: "It may have arrived. Ask the peer, then resend the message from the message log if it has not.",
    retryable: false,
  },
  EBXML_REFUSED: {
    message: "The peer refused the message",
    advice: "Correct what the peer names, then send a new message. Give the message ids to support.",
    retryable: false,
  },
  EBXML_LATE_ANSWER: {
    message: "An answer came for a message that had failed or expired",
    advice: "It was delivered to nobody. Read it in the message log; what it says may be out of date.",
    retryable: false,
  },
  EBXML_CONFLICTING_ANSWER: {
    message: "A second, different answer came for a message; the first one stands",
    advice: "It was delivered to nobody. Compare the two in the message log and ask the peer.",
    retryable: false,
  },
  EBXML_ANSWER_NOT_COLLECTED: {
    message: "An answer came in time, and the program that asked had ended",
    advice: "It was delivered to nobody. Read it in the message log, or ask again.",
    retryable: false,
  },
  EBXML_DISCARDED_ANSWER: {
    message: "An answer was discarded as one that is not about what was asked",
    advice: "It was delivered to nobody. Read it in the message log and report it as an incident.",
    retryable: false,
  },
  EBXML_NOT_DELIVERED: {
    message: "The flow did not take the message in the number of tries",
    advice: "It is set aside in the message log. Correct the flow, then handle the message by hand.",
    retryable: false,
  },
  MESH_CONNECT_FAILED: {
    message: "No connection to MESH could be made",
    advice: "Check the base URL of the mailbox, the name server, the proxy and the network. Nothing was sent.",
    retryable: true,
  },
  MESH_UNAUTHORISED: {
    message: "MESH refused the credentials of the mailbox",
    advice:
      "Check mailbox id, password, shared key and certificate, all of the same environment, and the clock of this machine.",
    retryable: false,
  },
  MESH_UNAVAILABLE: {
    message: "MESH is busy or out of order",
    advice: "Nothing to do at first: it is tried again by itself. If it lasts, ask the national service desk.",
    retryable: true,
  },
  MESH_RESPONSE_INVALID: {
    message: "MESH answered with something that its API does not describe",
    advice: "Check that the base URL is that of the MESH API and that no proxy answers; the text names the status.",
    retryable: false,
  },
  MESH_REFUSED: {
    message: "MESH refused the file",
    advice: "Correct the setting that the text names, then send the file again as a new one. MESH does not have it.",
    retryable: false,
  },
  MESH_RECIPIENT_UNKNOWN: {
    message: "MESH refused the file: the recipient's mailbox is not registered",
    advice: "Check the mailbox id of CP-IS for this environment. MESH does not have the file.",
    retryable: false,
  },
  MESH_SENDER_NOT_ALLOWED: {
    message: "MESH refused the file: this mailbox may not send files of this kind",
    advice:
      "Ask the national service desk to finish the onboarding of the mailbox for CP-IS. MESH does not have the file.",
    retryable: false,
  },
  MESH_WORKFLOW_NOT_REGISTERED: {
    message: "MESH refused the file: the workflow id is not registered for the mailbox",
    advice: "Compare the workflow id with the one given at onboarding, or ask for it to be registered.",
    retryable: false,
  },
  MESH_OUTCOME_UNKNOWN: {
    message: "Whether MESH has the file is not known, and it is not sent again by itself",
    advice:
      "Wait for its response, which proves that it arrived, or ask the national service desk; later files wait meanwhile.",
    retryable: false,
  },
  MESH_UNDELIVERED: {
    message: "MESH reports that the recipient did not collect the file",
    advice:
      "It did not reach CP-IS. Ask the national service desk first: for 30 days it can put the file back. Else send it again.",
    retryable: false,
  },
  MESH_BAD_FILE: {
    message: "MESH reports that the file as a whole was refused as a bad CP-IS file",
    advice: "Never send the same file again. Correct it, and send it as a new file.",
    retryable: false,
  },
  MESH_REPORTED: {
    message: "MESH reports that the file could not be delivered",
    advice: "Read code and description of the report, or ask the national service desk with the message id.",
    retryable: false,
  },
  MESH_NOT_DELIVERED: {
    message: "The flow did not take what came from MESH in the number of tries",
    advice: "It is set aside in the message log. Correct the flow, then handle the file by hand.",
    retryable: false,
  },
  MESH_FILE_TOO_LARGE: {
    message: "The file is larger than the limit",
    advice: "Raise the limit of the mailbox if the file is legitimate; it stays in MESH for five days.",
    retryable: false,
  },
  MESH_INCOMPLETE: {
    message: "The file did not arrive whole",
    advice: "It is fetched again by itself. If that lasts, give the message id to the national service desk.",
    retryable: true,
  },
  MESH_MESSAGE_NOT_READY: {
    message: "MESH lists the message and does not give it yet: it is still being uploaded, or has expired or failed",
    advice:
      "Wait: it is tried at each look into the mailbox. If it lasts for hours, give the message id to the national service desk.",
    retryable: true,
  },
  MESH_MESSAGE_GONE: {
    message: "MESH lists the message and does not know it",
    advice: "Give the message id to the national service desk, which can put it back into the mailbox for 30 days.",
    retryable: false,
  },
  SOAP_MALFORMED: {
    message: "The message is not a SOAP 1.1 envelope",
    advice: "Check that the endpoint address is that of a message handling service.",
    retryable: false,
  },
  SOAP_REPLY_MISMATCH: {
    message: "The reply is about another message than the one that was sent",
    advice: "It was delivered to nobody. Read it in the message log and report it as an incident.",
    retryable: false,
  },
  SOAP_NO_ANSWER: {
    message: "The reply holds no answer that could be read",
    advice: "Read it in the message log. Check that the endpoint address is that of the synchronous service.",
    retryable: false,
  },
  SMSP_CONNECT_FAILED: {
    message: "No connection to the Spine mini service could be made",
    advice: "Check the address of the provider, the name server and the network. Nothing was sent.",
    retryable: true,
  },
  SMSP_OUTCOME_UNKNOWN: {
    message: "The query went to the Spine mini service, and no whole answer came back",
    advice:
      "It may have asked CP-IS, so it is not asked again by itself; a repeat is a second access and your decision.",
    retryable: false,
  },
  SMSP_RESPONSE_INVALID: {
    message: "The Spine mini service answered with something that is no answer of its kind",
    advice: "Check that the address is that of the provider's ITK web service; the text names what is wrong.",
    retryable: false,
  },
  SMSP_MALFORMED: {
    message: "The message is not a readable ITK distribution envelope",
    advice: "Ask the provider for a corrected message; the text names the part.",
    retryable: false,
  },
  SDS_CONNECT_FAILED: {
    message: "No connection to the Spine Directory Service could be made",
    advice: "Check the base address of SDS, the name server and the firewall.",
    retryable: true,
  },
  SDS_TIMEOUT: {
    message: "The Spine Directory Service did not answer in time",
    advice: "Try again later; if it lasts, check the network to SDS and its service status.",
    retryable: true,
  },
  SDS_UNAVAILABLE: {
    message: "The Spine Directory Service cannot answer at the moment",
    advice: "Try again later; a status of 429 means that too many questions were asked with this API key.",
    retryable: true,
  },
  SDS_UNAUTHORISED: {
    message: "The Spine Directory Service does not accept the API key",
    advice: "Check that the key is of an application subscribed to the SDS API in this very environment.",
    retryable: false,
  },
  SDS_REFUSED: {
    message: "The Spine Directory Service refused the question",
    advice: "Check the base address of SDS, the ODS code and the party key; the text names the status.",
    retryable: false,
  },
  SDS_NOT_FOUND: {
    message: "The Spine Directory Service has no record for this organisation and interaction",
    advice: "Check the ODS code of Spine and the environment, or fill in the contract by hand.",
    retryable: false,
  },
  SDS_AMBIGUOUS: {
    message: "The Spine Directory Service has several records, and they differ",
    advice: "Choose one of the values that the text lists and fill it in by hand, or have the records corrected.",
    retryable: false,
  },
  SDS_INCOMPLETE: {
    message: "The Spine Directory Service's record lacks a value that is needed",
    advice: "Fill in by hand the value that the text names, or have the record corrected.",
    retryable: false,
  },
  SDS_RESPONSE_INVALID: {
    message: "The Spine Directory Service's answer cannot be used",
    advice: "Check that the base address is that of the SDS FHIR API; else give the text to the service desk of SDS.",
    retryable: false,
  },
  TLS_FAILED: {
    message: "The TLS connection could not be made",
    advice: "Check certificates, trusted authorities and host name of both sides; the text names the reason.",
    retryable: false,
  },
  TLS_CERTIFICATE_REQUIRED: {
    message: "The other side demands a client certificate and got none",
    advice: "Choose our certificate and key in the TLS settings of the transport, then deploy.",
    retryable: false,
  },
  TLS_CERTIFICATE_REFUSED: {
    message: "The other side refused our certificate",
    advice: "Check that it was issued for this environment, for client use, and is sent with its issuing authority's.",
    retryable: false,
  },
  TLS_CERTIFICATE_AUTHORITY_UNKNOWN: {
    message: "The other side does not know the authority of our certificate",
    advice:
      "Use the certificate that NHS England issued for this very environment, followed by its issuing authority's.",
    retryable: false,
  },
  TLS_CERTIFICATE_EXPIRED: {
    message: "The other side refused our certificate, which has expired",
    advice: "Order a new certificate, put it into the TLS settings, and deploy.",
    retryable: false,
  },
  TLS_CERTIFICATE_NOT_YET_VALID: {
    message: "The other side refused our certificate, which is not valid yet",
    advice: "Check the clock of this machine; else wait until the certificate's first day.",
    retryable: false,
  },
  TLS_CERTIFICATE_REVOKED: {
    message: "The other side refused our certificate, which is revoked",
    advice: "Order a new certificate, and find out who had this one revoked and why.",
    retryable: false,
  },
  TLS_PEER_AUTHORITY_UNKNOWN: {
    message: "The other side's certificate is of an authority that is not trusted here",
    advice: "Put the authorities of NHS England for this environment into the TLS settings, and check the address.",
    retryable: false,
  },
  TLS_PEER_EXPIRED: {
    message: "The other side's certificate has expired",
    advice: "Check the clock of this machine; else tell the other side. Nothing was sent.",
    retryable: false,
  },
  TLS_PEER_NOT_YET_VALID: {
    message: "The other side's certificate is not valid yet",
    advice: "Check the clock of this machine; else tell the other side. Nothing was sent.",
    retryable: false,
  },
  TLS_PEER_REVOKED: {
    message: "The other side's certificate is revoked",
    advice: "Send nothing there. Tell the other side, and treat the address with suspicion until it has answered.",
    retryable: false,
  },
  TLS_PEER_WRONG_NAME: {
    message: "The other side's certificate is for another host",
    advice:
      "Compare the address with the directory's record; a proxy on the way shows its own certificate. Nothing was sent.",
    retryable: false,
  },
  TLS_PEER_WRONG_PURPOSE: {
    message: "The other side's certificate is not meant for a server",
    advice: "Tell the other side, or check that the address is that of a server of theirs. Nothing was sent.",
    retryable: false,
  },
  TLS_CRL_INVALID: {
    message: "A file of revoked certificates cannot be used",
    advice:
      "Give a revocation list (PEM or DER) of an authority that the TLS settings trust. What was read before stays in force.",
    retryable: false,
  },
  TLS_CRL_OVERDUE: {
    message: "A list of revoked certificates is older than its authority allows",
    advice: "Fetch the new list of the authority, and find out why it did not come. The old one stays in force.",
    retryable: false,
  },
  TLS_CLIENT_REFUSED: {
    message: "A client with a certificate of a trusted authority is not one of the names that Spine's may carry",
    advice:
      "If it is Spine, add the name on its certificate to the transport; NHS England confirms it. Else find out who it is.",
    retryable: false,
  },
  TLS_PROTOCOL_TOO_OLD: {
    message: "The two sides have no version of TLS in common",
    advice: "TLS 1.2 is the oldest that is spoken here. Look for an old server or proxy on the way.",
    retryable: false,
  },
  TLS_NO_COMMON_CIPHER: {
    message: "The two sides have no cipher suite in common",
    advice: "Look for an old server or proxy on the way; Spine speaks the suites that are offered here.",
    retryable: false,
  },
  TLS_CERTIFICATE_VALIDITY: {
    message: "A certificate ends soon, has ended, or is not valid yet",
    advice: "Renew our own in time and deploy it; ask the other side about theirs. Check the clock of this machine.",
    retryable: false,
  },
  CONFIG_MISSING: {
    message: "A setting is missing",
    advice: "Fill in the setting that the text names.",
    retryable: false,
  },
  CONFIG_INVALID: {
    message: "A setting has a value that cannot be used",
    advice: "Correct the setting that the text names.",
    retryable: false,
  },
  CONFIG_CLIENT_NAMES: {
    message: "The names that Spine's client certificate may carry are not filled in",
    advice:
      "Fill them in as NHS England has confirmed them; the connection check shows the name on Spine's certificate. Nothing is sent or taken before.",
    retryable: false,
  },
  CONFIG_CONTRACT: {
    message: "The messaging contract does not describe a pattern that can be used",
    advice:
      "Compare sync reply mode, acknowledgement and duplicate elimination with the Spine Directory Service record.",
    retryable: false,
  },
  CONFIG_PORT_IN_USE: {
    message: "The listener's port is in use by another program or node",
    advice: "Choose another port in the transport, or stop the other program.",
    retryable: true,
  },
  CONFIG_LISTEN: {
    message: "The listener could not be opened",
    advice: "Check host and port of the transport's listener; the text names the reason.",
    retryable: true,
  },
  CONFIG_CLOCK: {
    message: "The clock of this machine differs from the other side's",
    advice: "Keep this machine on network time (NTP): times in messages and in credentials are compared with theirs.",
    retryable: false,
  },
  TLS_PROXY_UNREACHABLE: {
    message: "The HTTP proxy on the way cannot be reached",
    advice:
      "Check the proxy's address in the transport, or HTTPS_PROXY in the environment, and whether it may be reached from here.",
    retryable: true,
  },
  TLS_PROXY_AUTHENTICATION: {
    message: "The HTTP proxy on the way asks for a name and password, or refuses the ones given",
    advice: "Set the name and password of the proxy. They are the proxy's, and not those of Spine or MESH.",
    retryable: false,
  },
  TLS_PROXY_REFUSED: {
    message: "The HTTP proxy on the way refuses the connection",
    advice:
      "Ask whoever runs the proxy to allow CONNECT to this host and port, without looking into the TLS inside; or name the host in NO_PROXY.",
    retryable: false,
  },
  CONFIG_IDENTITY_IN_USE: {
    message: "Another transport has this mailbox or party key already",
    advice:
      "Let the nodes use that one, or remove it: two would take each other's answers. This one opens by itself when the other is gone.",
    retryable: true,
  },
  CONFIG_CLOSED: {
    message: "The transport is closed",
    advice: "Wait until the flows are started, or deploy them again.",
    retryable: true,
  },
  MESH_CONTROL_FILE_INVALID: {
    message: "A control file of the MESH client cannot be read",
    advice: "The pair stays in its folder. Read it there by hand; the text names what is wrong with it.",
    retryable: false,
  },
  MESH_FOLDER_MISSING: {
    message: "A folder of the MESH client is not there",
    advice: "Check the folder's path, that its file system is mounted, and that the client has SaveSent set to Y.",
    retryable: true,
  },
  MESH_FOLDER_DENIED: {
    message: "A folder of the MESH client may not be read or written",
    advice: "Give the user that runs Node-RED the right to read and write the folder that the text names.",
    retryable: true,
  },
  MESH_FOLDER_FULL: {
    message: "The file system of the MESH client's folders has no room left",
    advice:
      "Free space there, or raise the quota or the limit on a file's size. What waits is kept in the message store and goes out by itself afterwards.",
    retryable: true,
  },
  MESH_FOLDER_FAILED: {
    message: "The file system of the MESH client's folders failed",
    advice: "Check the disk or the network share that the text names; what waits is tried again.",
    retryable: true,
  },
  STORE_NODE_VERSION: {
    message: "The embedded message store needs Node.js 22.13 or newer, where node:sqlite needs no flag",
    advice: "Update Node.js, or choose PostgreSQL in the message store.",
    retryable: false,
  },
  STORE_DRIVER_MISSING: {
    message: "The PostgreSQL message store needs the npm package pg, which is not installed",
    advice: "Install pg in the Node-RED user directory, or choose the embedded message store.",
    retryable: false,
  },
  STORE_LOCKED: {
    message: "The message store's folder is in use by another process or node",
    advice: "Give each Node-RED its own folder, or let several share the work over PostgreSQL.",
    retryable: true,
  },
  STORE_UNAVAILABLE: {
    message: "The message store cannot be reached, and nothing was stored",
    advice: "Check the disk or the database; the store recovers by itself.",
    retryable: true,
  },
  STORE_FULL: {
    message: "The message store has no room left, and nothing was stored",
    advice:
      "Free space on the disk, of which a tenth, at most 1 GB, is kept free, or raise the store's limit; the store recovers by itself.",
    retryable: true,
  },
  STORE_OUTCOME_UNKNOWN: {
    message: "The database was lost while it committed, so it is unknown whether the message was stored",
    advice: "Look for the message id in the message log before the message is given again.",
    retryable: false,
  },
  STORE_CLOSED: {
    message: "The message store is closed",
    advice: "Wait until the flows are started, or deploy them again.",
    retryable: true,
  },
  STORE_ACCESS_DENIED: {
    message: "The database refuses the user, the password or the right",
    advice: "Check user, password, database and rights in the message store.",
    retryable: false,
  },
  STORE_SCHEMA_NEWER: {
    message: "The message store was written by a newer version of this package",
    advice: "Update this package; an older one must not write to it.",
    retryable: false,
  },
  STORE_LOST: {
    message: "The message store is gone, though there was one, and nothing works until a person has decided",
    advice:
      "Put the store back from its last backup. If it is lost for good, enter the decision code and the number of the next upload file in the message store, or give them to cp-is store accept.",
    retryable: false,
  },
  STORE_RESTORED: {
    message: "The message store is older than it was, or was cut, and nothing works until a person has decided",
    advice:
      "If a newer store is there, put it back. Else enter the decision code in the message store, or give it to cp-is store accept: then no file number is used again, and what may have left is held in the message log.",
    retryable: false,
  },
  STORE_KEY_LOST: {
    message: "The message store's key is gone or another one, and nothing works until a person has decided",
    advice:
      "Put the key back from its backup. If it is lost for good, enter the decision code in the message store, or give it to cp-is store accept: what was sealed so far stays unreadable.",
    retryable: false,
  },
  STORE_UNCLAIMED: {
    message: "Nobody took the message in the time for which unclaimed ones are kept waiting",
    advice:
      "It is set aside in the message log. Look why no node of a flow takes messages of this kind, then handle it by hand.",
    retryable: false,
  },
  STORE_CLOCK_SKEW: {
    message: "This machine's clock is too far from the database's, so no waiting work is taken here",
    advice:
      "Set the clocks of all instances and of the database by the same time service (NTP); work is taken again by itself.",
    retryable: true,
  },
  STORE_CORRUPT: {
    message: "The message store's data is damaged or was changed by another program",
    advice: "Stop the flows, keep a copy of the store, and restore the last backup.",
    retryable: false,
  },
  STORE_CONTENT_GONE: {
    message: "The message store does not hold the bytes of the message any more",
    advice: "Send what it held as a new message from the flow. Storage of metadata only drops what is finished.",
    retryable: false,
  },
  STORE_MESSAGE_ID_TAKEN: {
    message: "An outbound message with this message id is stored already",
    advice: "Give each message an id of its own; a resend is a new message.",
    retryable: false,
  },
  STORE_INTERNAL: {
    message: "A fault in this package's own program stopped the message store's operation",
    advice: "Report the database's code that the text names to the makers.",
    retryable: false,
  },
  STORE_KEY_UNKNOWN: {
    message: "The content is sealed with a key that is not in the key ring",
    advice: "Put the old key back; content cannot be read without it.",
    retryable: false,
  },
  STORE_KEY_INVALID: {
    message: "The key or the key ring is not valid",
    advice: "Restore the key from its backup; a new key cannot open what the old one sealed.",
    retryable: false,
  },
  STORE_KEY_EXPOSED: {
    message: "Others on this machine may read the key file of the message store",
    advice:
      "Take their rights away (chmod 600 on the file), and change the key with cp-is keys rotate, since somebody may have it.",
    retryable: false,
  },
  STORE_CONTENT_TAMPERED: {
    message: "The stored content is not what was sealed under its name",
    advice: "The bytes were damaged or exchanged, or the key is another one. Restore the last backup.",
    retryable: false,
  },
  SCHEMA_FOLDER: {
    message: "The folder or zip with your schemas cannot be read, or holds none",
    advice: "Give the folder or zip of the Domain Message Specification's schemas, and the right to read it.",
    retryable: false,
  },
  SCHEMA_OUTSIDE: {
    message: "A schema refers to a file outside its folder, or to the web",
    advice: "Put the schema that it needs into the folder, and let the reference lead there.",
    retryable: false,
  },
  SCHEMA_INVALID: {
    message: "A schema of yours cannot be used",
    advice:
      "Compare the file that is named with the copy you were given; it is damaged, or one that it includes is missing.",
    retryable: false,
  },
  SCHEMA_TOO_LARGE: {
    message: "The schemas, or the message to be checked by them, are larger than the limit",
    advice: "Give a folder that holds the schemas only. A message this large is sent and read unchecked.",
    retryable: false,
  },
  SCHEMA_TIMEOUT: {
    message: "The check by your schemas took too long and was given up",
    advice: "The message itself is not concerned. Check it once more when the machine is less busy.",
    retryable: true,
  },
  SCHEMA_VALIDATOR_MISSING: {
    message: "The check by your schemas needs a package that is not installed",
    advice: "Install the package that is named in Node-RED's user directory: libxml2-wasm, and fflate for a zip.",
    retryable: false,
  },
  SCHEMA_STOPPED: {
    message: "The check by your schemas has stopped",
    advice: "The message itself is not concerned. If it happens again with the same message, report it.",
    retryable: true,
  },
});

export type ErrorCode = keyof typeof errorTable;

export interface CpisErrorOptions {
  /** Names a field, an id or a number; never a patient's detail, a payload or a URL with a query. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** Overrides the table where one code has both kinds, as CPIS_HTTP_ERROR has. */
  readonly retryable?: boolean;
}

/** The same in every copy of the package that a process has loaded: `instanceof` knows the errors of one copy only. */
const brand: unique symbol = Symbol.for("@cp-is/node-red/CpisError");

/**
 * The only error this package throws. `code` is an own property, so that a Catch node and a second copy of this
 * package can see it.
 */
export class CpisError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly advice: string;
  /** What was added to the table's message, if anything. */
  readonly detail?: string;

  constructor(code: ErrorCode, options: CpisErrorOptions = {}) {
    const { message, advice, retryable } = errorTable[code];
    const text = options.detail === undefined ? message : `${message}: ${options.detail}`;
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CpisError";
    this.code = code;
    this.retryable = options.retryable ?? retryable;
    this.advice = advice;
    if (options.detail !== undefined) this.detail = options.detail;
  }

  get [brand](): true {
    return true;
  }
}

/** The class of an error that is not ours; its text may quote a message, so it is told to nobody. */
export function errorClass(error: unknown): string {
  return error instanceof Error ? error.constructor.name : typeof error;
}

export function isCpisError(value: unknown): value is CpisError {
  return value instanceof Error && Reflect.get(value, brand) === true;
}
