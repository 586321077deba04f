import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const edge = new URL("../../../edge/", import.meta.url).pathname;

export default defineConfig({
  plugins: [
    cloudflareTest({
      main: `${edge}worker.ts`,
      wrangler: { configPath: `${edge}wrangler.jsonc` },
      // every request looks at the alias, so that no test waits for one that is due
      miniflare: {
        bindings: {
          ALIAS_POLL_SECONDS: "0",
          OPEN: "true",
          WEBHOOK_HOSTS: "hooks.example.com, *.wild.example",
          CAMERA_KEY: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        },
      },
    }),
  ],
  test: {
    name: "workerd",
    include: ["**/*.test.ts"],
    // the first test of a file loads some 600 modules of tfjs into workerd
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
