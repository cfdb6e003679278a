// A column that the settings name and no row has is noticed, and one that is there, in whatever spelling, is not.
import assert from "node:assert/strict";
import { createColumnWatch } from "../../../../../lib/cpis/upload/rows/column-watch.js";
import type { UploadMapping } from "../../../../../lib/cpis/upload/rows/upload-mapping.js";

function unseen(mapping: UploadMapping, rows: readonly unknown[], header?: readonly string[]): string[] {
  const watch = createColumnWatch(mapping, header);
  for (const row of rows) watch.see(row);
  return watch.unseen().map(({ field, column }) => `${field} "${column}"`);
}

const columns = { endDate: "Plan ended", localId: "Case no" };

describe("the watch for columns of an upload", () => {
  it("names each column that no row has, with our field", () => {
    assert.deepEqual(unseen({ columns }, [{ "Plan endde": "1/2/2026" }, { other: 1 }]), [
      'localId "Case no"',
      'endDate "Plan ended"',
    ]);
  });

  it("is content with one row that has it, without a value too, in any case and with other blanks", () => {
    assert.deepEqual(unseen({ columns }, [{ other: 1 }, { PLAN_ENDED: "" }, { "case no ": null }]), []);
  });

  it("takes the header for rows that leave out what has no value", () => {
    assert.deepEqual(unseen({ columns }, [{ other: 1 }], ["Case No", "plan-ended"]), []);
  });

  it("misses an end date in a header also where the settings name no column for it", () => {
    assert.deepEqual(unseen({}, [{ nhsNumber: "1" }], ["nhsNumber"]), ['endDate "endDate"']);
    assert.deepEqual(unseen({}, [{ nhsNumber: "1" }], ["nhsNumber", "End Date"]), []);
    assert.deepEqual(unseen({}, [{ nhsNumber: "1" }]), []);
  });

  it("says nothing of records that are no rows", () => {
    assert.deepEqual(unseen({ columns }, [{ plans: [], subjects: [] }, "text", null, [1]]), []);
    assert.deepEqual(unseen({ columns }, []), []);
  });
});
