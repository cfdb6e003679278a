// Tests of the warnings before a certificate ends: once at each step, on a clock that is moved.
import assert from "node:assert/strict";
import type { CertificateFacts } from "../../../lib/tls/certificates.js";
import { watchCertificates, type CertificateConcern } from "../../../lib/tls/watch-certificates.js";

const day = 86_400_000;
const start = Date.UTC(2026, 10, 22);

function certificate(change: { readonly days?: number; readonly begins?: number; readonly id?: string }) {
  const { days = 100, begins = -1, id = "a" } = change;
  return {
    name: id,
    alternativeNames: [],
    issuer: "authority",
    notBefore: start + begins * day,
    notAfter: start + days * day,
    fingerprint: id,
  } satisfies CertificateFacts;
}

function text({ owner, certificate: { name }, validity }: CertificateConcern): string {
  return `${owner} ${name} ${validity.kind === "valid" ? validity.daysLeft : validity.kind}`;
}

/** A clock that goes by hours, as the watch looks, and what was told. */
function scene() {
  let now = start;
  let timer: (() => void) | undefined;
  const warnings: string[] = [];
  const changes: string[] = [];
  const watch = watchCertificates({
    now: () => now,
    after: (_milliseconds, callback) => {
      timer = callback;
      return () => {
        timer = undefined;
      };
    },
    warn: (concern) => warnings.push(text(concern)),
    changed: () => {
      const worst = watch.worst();
      changes.push(worst === undefined ? "none" : text(worst));
    },
  });
  return {
    watch,
    warnings,
    changes,
    isTiming: () => timer !== undefined,
    pass: (days: number) => {
      for (let hour = 0; hour < days * 24; hour += 1) {
        now += day / 24;
        const due = timer;
        timer = undefined;
        due?.();
      }
    },
  };
}

describe("a watch over certificates", () => {
  it("warns once when 30, 14, 7, 3 and 1 days are left, and once when it has ended", () => {
    const { watch, warnings, pass } = scene();
    watch.see("own", [certificate({ days: 40 })]);
    assert.deepEqual(warnings, []);
    pass(60);
    assert.deepEqual(
      warnings,
      ["30", "14", "7", "3", "1", "expired"].map((left) => `own a ${left}`),
    );
  });

  it("says at once how it is for one that it meets late, and no word twice", () => {
    const { watch, warnings, pass } = scene();
    for (let time = 0; time < 3; time += 1) watch.see("peer", [certificate({ days: 12.5 })]);
    assert.deepEqual(warnings, ["peer a 12"]);
    pass(1);
    assert.deepEqual(warnings, ["peer a 12"]);
  });

  it("warns of one that is not valid yet, and later of its end", () => {
    const { watch, warnings, pass } = scene();
    watch.see("own", [certificate({ begins: 2, days: 50 })]);
    pass(25);
    assert.deepEqual(warnings, ["own a not-yet-valid", "own a 30"]);
  });

  it("shows the most urgent of all that are in use, and each day that passes", () => {
    const { watch, changes, pass } = scene();
    watch.see("own", [certificate({ days: 29.5, id: "ours" })]);
    watch.see("peer", [certificate({ id: "theirs" }), certificate({ days: 9.5, id: "their authority" })]);
    pass(1);
    assert.deepEqual(changes, ["own ours 29", "peer their authority 9", "peer their authority 8"]);
    watch.see("peer", [certificate({ id: "renewed" })]);
    watch.see("own", [certificate({ id: "renewed, too" })]);
    assert.deepEqual(changes.slice(3), ["own ours 28", "none"]);
    assert.equal(watch.worst(), undefined);
  });

  it("tells an urgent one again only when something changes, also when two take turns", () => {
    const { watch, warnings } = scene();
    for (let time = 0; time < 5; time += 1) {
      watch.see("client", [certificate({ days: 5, id: "one" })]);
      watch.see("client", [certificate({ days: 6, id: "other" })]);
    }
    assert.deepEqual(warnings, ["client one 5", "client other 6"]);
  });

  it("is silent after its close, and leaves no timer", () => {
    const { watch, warnings, isTiming, pass } = scene();
    watch.see("own", [certificate({ days: 31 })]);
    assert.ok(isTiming());
    watch.close();
    assert.ok(!isTiming());
    watch.see("own", [certificate({ days: 3, id: "b" })]);
    pass(2);
    assert.deepEqual(warnings, []);
  });
});
