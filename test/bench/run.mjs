// npm run bench: installs and builds if need be, then measures everything beside its bare baseline.
import path from "node:path";
import { build, install, root, runNode } from "../../build.mjs";

install();
await build();
runNode(["--import", "tsx", "--expose-gc", path.join(root, "test", "bench", "bench.ts"), ...process.argv.slice(2)]);
