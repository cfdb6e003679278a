import assert from "node:assert/strict";
import type { PeerCertificate } from "node:tls";
import { checkServerName } from "../../../lib/tls/peer-name.js";

function certificate(commonName: string, subjectaltname?: string): PeerCertificate {
  const fields = { subject: { CN: commonName }, ...(subjectaltname === undefined ? {} : { subjectaltname }) };
  return fields as PeerCertificate;
}

const cases: readonly (readonly [string, string, string | undefined, boolean])[] = [
  ["msg.example.nhs.uk", "other", "DNS:msg.example.nhs.uk", true],
  ["MSG.example.nhs.uk", "other", "DNS:other.example, DNS:msg.EXAMPLE.nhs.uk", true],
  ["msg.example.nhs.uk", "other", "DNS:*.example.nhs.uk", true],
  ["msg.example.nhs.uk", "msg.example.nhs.uk", "DNS:other.example.nhs.uk", false],
  ["msg.example.nhs.uk", "msg.example.nhs.uk", undefined, false],
  ["msg.int.spine2.ncrs.nhs.uk", "msg.int.spine2.ncrs.nhs.uk", undefined, true],
  ["msg.int.spine2.ncrs.nhs.uk", "MSG.int.spine2.ncrs.nhs.uk", "IP Address:10.0.0.1", true],
  ["msg.int.spine2.ncrs.nhs.uk", "msg.int.spine2.ncrs.nhs.uk", "DNS:other.ncrs.nhs.uk", false],
  ["msg.int.spine2.ncrs.nhs.uk", "other.ncrs.nhs.uk", undefined, false],
  ["msg.int.spine2.ncrs.nhs.uk", "*.ncrs.nhs.uk", undefined, false],
  ["ncrs.nhs.uk.example.org", "ncrs.nhs.uk.example.org", undefined, false],
  ["evilncrs.nhs.uk", "evilncrs.nhs.uk", undefined, false],
  ["msg.example.nhs.uk", "msg.example.nhs.uk", "IP Address:127.0.0.1", false],
  ["127.0.0.1", "other", "IP Address:127.0.0.1", true],
  ["127.0.0.1", "127.0.0.1", "DNS:localhost", false],
  ["127.0.0.1", "127.0.0.1", undefined, false],
];

describe("checkServerName", () => {
  for (const [host, commonName, names, isMatch] of cases) {
    const verb = isMatch ? "accepts" : "refuses";
    it(`${verb} the subject ${commonName} with ${names ?? "no other names"} for ${host}`, () => {
      assert.equal(checkServerName(host, certificate(commonName, names)) === undefined, isMatch);
    });
  }
});
