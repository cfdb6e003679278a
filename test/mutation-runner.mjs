// Runs mocha inside Stryker's processes, each mutant against the tests that reach it. Stryker's own runner for mocha knows
// no version after 11.
import { createRequire } from "node:module";
import path from "node:path";
import { commonTokens, declareFactoryPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import { DryRunStatus, MutantRunStatus, TestStatus } from "@stryker-mutator/api/test-runner";

const millisecondsOfOneTest = 60_000;

function escaped(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The working folder is Stryker's copy of the project. */
class MochaRunner {
  constructor(options) {
    this.specs = options.mochaSpecs;
    // What instrumented code looks at. https://stryker-mutator.io/docs/stryker-js/ names it.
    this.switches = globalThis.__stryker__ ??= {};
  }

  /** Modules of another mutant stay loaded: what runs while a module loads needs a process of its own. */
  capabilities() {
    return { reloadEnvironment: false };
  }

  async init() {
    const require = createRequire(path.resolve("package.json"));
    require("tsx/cjs");
    require(path.resolve("test/support/property-seed.ts"));
    this.Mocha = require("mocha").Mocha;
  }

  load() {
    if (this.mocha !== undefined) return;
    const { switches } = this;
    this.mocha = new this.Mocha({ reporter: class {}, timeout: millisecondsOfOneTest });
    this.mocha.cleanReferencesAfterRun(false);
    for (const spec of this.specs) this.mocha.addFile(path.resolve(spec));
    this.mocha.loadFiles();
    this.mocha.suite.beforeEach("knows which test runs", function () {
      switches.currentTestId = this.currentTest?.fullTitle();
    });
    this.mocha.suite.afterEach("knows that none runs", () => {
      switches.currentTestId = undefined;
    });
  }

  /** Gives each test with its time and failure. */
  async run({ disableBail, testFilter }) {
    this.load();
    const { mocha } = this;
    mocha.bail(!disableBail);
    mocha.grep(testFilter === undefined ? /(?:)/ : new RegExp(`^(?:${testFilter.map(escaped).join("|")})$`));
    const tests = [];
    await new Promise((resolve) => {
      const runner = mocha.run(() => resolve());
      runner.on("pass", (test) => tests.push({ test }));
      runner.on("fail", (test, error) => tests.push({ test, failure: String(error?.stack ?? error) }));
    });
    return tests;
  }

  async dryRun(options) {
    this.switches.mutantCoverage = { static: {}, perTest: {} };
    const tests = await this.run({ disableBail: options.disableBail });
    const { mutantCoverage } = this.switches;
    this.switches.mutantCoverage = undefined;
    return {
      status: DryRunStatus.Complete,
      mutantCoverage,
      tests: tests.map(({ test, failure }) => ({
        id: test.fullTitle(),
        name: test.fullTitle(),
        timeSpentMs: test.duration ?? 0,
        ...(failure === undefined
          ? { status: TestStatus.Success }
          : { status: TestStatus.Failed, failureMessage: failure }),
      })),
    };
  }

  async mutantRun({ activeMutant, mutantActivation, hitLimit, disableBail, testFilter }) {
    this.switches.hitCount = hitLimit === undefined ? undefined : 0;
    this.switches.hitLimit = hitLimit;
    if (mutantActivation === "static") {
      this.switches.activeMutant = activeMutant.id;
      try {
        this.load();
      } catch (error) {
        return { status: MutantRunStatus.Killed, killedBy: [], failureMessage: String(error), nrOfTests: 0 };
      }
    }
    this.load();
    this.switches.activeMutant = activeMutant.id;
    const tests = await this.run({ disableBail, testFilter });
    this.switches.activeMutant = undefined;
    const failed = tests.filter(({ failure }) => failure !== undefined);
    if (hitLimit !== undefined && this.switches.hitCount > hitLimit) {
      return { status: MutantRunStatus.Timeout, reason: "the mutated code ran without end" };
    }
    if (failed.length === 0) return { status: MutantRunStatus.Survived, nrOfTests: tests.length };
    return {
      status: MutantRunStatus.Killed,
      killedBy: failed.map(({ test }) => test.fullTitle()),
      failureMessage: failed[0].failure,
      nrOfTests: tests.length,
    };
  }
}

createMochaRunner.inject = [commonTokens.options];
function createMochaRunner(options) {
  return new MochaRunner(options);
}

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, "mocha-here", createMochaRunner)];
