// Starts the worker from its source.
require("tsx/cjs");
require("../../../lib/schema/schema-worker.ts");
