// Which failures say that the contract is not the peer's any more.
import assert from "node:assert/strict";
import type { EbxmlError } from "../../../../lib/ebxml/model.js";
import { CpisError } from "../../../../lib/errors.js";
import { showsStaleContract, failureOf } from "../../../../lib/mhs/outbound/stale-contract.js";
import type { RequestOutcome } from "../../../../lib/mhs/model.js";
import { encodeMessageError, messageErrorOf } from "../../../../lib/ebxml/encode-signal.js";
import { encodeSoapFault } from "../../../../lib/soap/fault.js";
import { useExchanges } from "../../../support/mhs/exchange.js";
import { messageIn, newId, replyWith, spineParty } from "../../../support/mhs/peer.js";

function fault(...codes: readonly string[]): RequestOutcome {
  const errors = codes.map((errorCode) => ({
    codeContext: "urn:nhs:names:error:tms",
    errorCode,
    severity: "Error",
    location: "",
    description: "",
  }));
  return { kind: "soap-fault", httpStatus: 500, fault: { faultCode: "Client", faultString: "", errors } };
}

function ebxml(...errors: readonly Partial<EbxmlError>[]): RequestOutcome {
  const all = { errorCode: "ValueNotRecognized", severity: "Error", codeContext: "" } as const;
  return { kind: "ebxml-error", errors: errors.map((error) => ({ ...all, ...error })) };
}

function tlsFailure(code: string): RequestOutcome {
  const cause = Object.assign(new Error("refused"), { code });
  const wrapped = new CpisError("TLS_FAILED", { cause: new CpisError("TLS_FAILED", { cause }) });
  return { kind: "not-sent", error: wrapped };
}

describe("a contract is doubted", () => {
  const cases: readonly (readonly [string, RequestOutcome, boolean])[] = [
    ["a fault with code 101", fault("101"), true],
    ["a fault with code 101 among others", fault("200", "101"), true],
    ["a fault with another code", fault("206"), false],
    ["a fault without codes", fault(), false],
    ["the error 402005", ebxml({ errorCode: "402005" }), true],
    ["the number 501319 before its description", ebxml({ number: "501319" }), true],
    ["such a number as a warning", ebxml({ number: "501319", severity: "Warning" }), false],
    ["another error", ebxml({ number: "501314" }), false],
    ["a host of another name", tlsFailure("ERR_TLS_CERT_ALTNAME_INVALID"), true],
    ["an expired certificate", tlsFailure("CERT_HAS_EXPIRED"), false],
    ["a time-out", { kind: "timeout", wasAccepted: true }, false],
  ];
  for (const [what, outcome, isDoubted] of cases) {
    it(`${isDoubted ? "after" : "not after"} ${what}`, () => {
      assert.equal(showsStaleContract(outcome), isDoubted);
    });
  }

  it("after errors that came by a post of their own, and not after an acknowledgment", () => {
    const errors = [{ errorCode: "402005", severity: "Error", codeContext: "" }] as const;
    assert.ok(showsStaleContract(failureOf({ kind: "refused", errors })));
    assert.ok(!showsStaleContract(failureOf({ kind: "acknowledged" })));
  });

  const exchanges = useExchanges();
  it("aloud, for the interaction of the request that met it", async () => {
    const replies = [
      encodeSoapFault({ faultCode: "Client", faultString: "", errors: faultErrors("101") }),
      encodeSoapFault({ faultCode: "Server", faultString: "", errors: faultErrors("206") }),
    ];
    await exchanges.open(() => (request, response) => {
      const body = replies.shift();
      if (body !== undefined) {
        replyWith(response, { contentType: "text/xml", soapAction: "", body }, 500);
        return;
      }
      const identity = { messageId: newId(), now: "2026-11-22T10:20:01Z", ownPartyKey: spineParty };
      const { header } = messageIn(request);
      const error = messageErrorOf(header, identity, [{ errorCode: "402005", severity: "Error" }]);
      replyWith(response, encodeMessageError(error));
    });
    const { mhs } = exchanges.current();
    const doubted: string[] = [];
    mhs.events.on("contractDoubted", ({ action }) => doubted.push(action));
    for (let times = 0; times < 3; times += 1) await mhs.request(exchanges.current().request());
    assert.deepEqual(doubted, ["QUPC_IN000006GB01", "QUPC_IN000006GB01"]);
  });
});

function faultErrors(errorCode: string) {
  const outcome = fault(errorCode);
  return outcome.kind === "soap-fault" ? outcome.fault.errors : [];
}
