import { defineConfig } from "vitest/config";

// On a shared machine of CI a browser or a process may come late: a second try then, of which test/run-all.ts tells.
const retry = process.env["CI"] === undefined ? 0 : 1;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/edge/workerd/**", "test/e2e/**", "test/bench/**"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          retry,
        },
      },
      "test/edge/*/vitest.config.ts",
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          retry,
        },
      },
    ],
  },
});
