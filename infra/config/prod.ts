import type { DeploymentInput } from "./schema.ts";

/** Training without a way to the internet, two models, a canary before every promotion. */
export const prod: DeploymentInput = {
  name: "prod",
  network: "isolated",
  training: { maximumVcpus: 16 },
  storage: {},
  notify: [],
  monthlyBudget: 200,
  models: [
    { settings: { model: "default", dataset: "default", engine: "native-gpu" } },
    {
      settings: { model: "cameras", dataset: "cameras", engine: "native-gpu", minimumNewImages: 200 },
      schedule: { hour: "4" },
    },
  ],
};
