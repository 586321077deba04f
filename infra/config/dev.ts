import type { DeploymentInput } from "./schema.ts";

/** One model, nothing that costs while idle. */
export const dev: DeploymentInput = {
  name: "dev",
  network: "public-egress",
  training: {},
  storage: { oldVersionDays: 14, runDays: 30, logDays: 30 },
  notify: [],
  monthlyBudget: 50,
  models: [{ settings: { model: "default", dataset: "default", canaryFraction: 0 } }],
};
