// Holds the embedded store to the promises of every store.
import { describeMessageStore } from "../message-store.conformance.js";
import { createSqlitePlace } from "../../../support/store/sqlite-place.js";

describeMessageStore("SQLite", createSqlitePlace);
