import assert from "node:assert/strict";
import { chooseEndpoint } from "../../../lib/sds/choose-endpoint.js";
import { contradictingPath } from "../../../lib/sds/spine-path.js";
import { addressee, askedEndpoint, endpointsOf } from "../../support/sds/directory-vectors.js";

describe("contradictingPath", () => {
  const express = chooseEndpoint(endpointsOf("endpoint-express"), askedEndpoint, addressee, {});
  const base = "https://msg.example.nhs.uk";

  it("is silent when path and contract agree, or the path is none of Spine's", () => {
    assert.equal(contradictingPath(express), undefined);
    assert.equal(contradictingPath({ ...express, endpointUrl: `${base}/other/place` }), undefined);
    assert.equal(contradictingPath({ ...express, endpointUrl: "no address" }), undefined);
  });

  it("tells the pattern of the path when the contract has another", () => {
    for (const [path, pattern] of [
      ["/reliablemessaging/reliablerequest", "reliable"],
      ["/reliablemessaging/forwardreliable", "forward-reliable"],
      ["/reliablemessaging/intermediary", "forward-reliable"],
      ["/sync-service", "sync-soap"],
      ["/syncservice-cpis/cpis", "sync-soap"],
    ] as const) {
      assert.equal(contradictingPath({ ...express, endpointUrl: base + path }), pattern);
    }
  });

  it("leaves a contract without pattern to whoever sends by it", () => {
    const endpointUrl = `${base}/sync-service`;
    assert.equal(contradictingPath({ ...express, syncReplyMode: "SignalsAndResponse", endpointUrl }), undefined);
  });
});
