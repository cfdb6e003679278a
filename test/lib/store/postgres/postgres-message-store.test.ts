// Holds the PostgreSQL store to the promises of every store, on a real server.
import { describeMessageStore } from "../message-store.conformance.js";
import { type PostgresServer, startPostgres } from "../../../support/store/postgres-server.js";

describe("with a PostgreSQL of its own", () => {
  let server: PostgresServer;

  before(async () => {
    server = await startPostgres();
  });

  after(() => server.close());

  describeMessageStore("PostgreSQL", () => server.createPlace());
});
