// Each transport's notifications go to one node at a time, and the next in the queue takes over.
import assert from "node:assert/strict";
import { queueForNotifications, readTicket } from "../../../../nodes/adapter/transports/notification-registry.js";

describe("the queue of notification nodes at one transport", () => {
  function candidate(name: string, told: string[]) {
    return {
      begin: () => {
        told.push(`${name} begins`);
        return () => Promise.resolve(void told.push(`${name} ends`));
      },
      wait: () => void told.push(`${name} waits`),
    };
  }

  it("lets the first take them, and the next when it has ended", async () => {
    const told: string[] = [];
    const transport = {};
    const leaveFirst = queueForNotifications(transport, candidate("first", told));
    const leaveSecond = queueForNotifications(transport, candidate("second", told));
    const leaveThird = queueForNotifications(transport, candidate("third", told));
    await leaveSecond();
    await leaveFirst();
    await leaveThird();
    assert.deepEqual(told, ["first begins", "second waits", "third waits", "first ends", "third begins", "third ends"]);
  });

  it("keeps transports apart", () => {
    const told: string[] = [];
    queueForNotifications({}, candidate("one", told));
    queueForNotifications({}, candidate("other", told));
    assert.deepEqual(told, ["one begins", "other begins"]);
  });
});

describe("the ticket of a part of a notification", () => {
  it("is read as it was given", () => {
    const ticket = { node: "n1", delivery: 7, part: 2 };
    assert.deepEqual(readTicket(ticket), ticket);
  });

  it("is none in any other form, since a flow may have changed it", () => {
    for (const value of [undefined, null, "n1", {}, { node: 1, delivery: 7, part: 0 }, { node: "n1", part: 0 }]) {
      assert.equal(readTicket(value), undefined);
    }
    for (const part of [-1, 0.5, "0", null]) assert.equal(readTicket({ node: "n1", delivery: 7, part }), undefined);
  });
});
