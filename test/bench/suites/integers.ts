import { duel } from "../duel.ts";
import type { Suite } from "../suite.ts";
import { nets } from "../workloads/nets.ts";

/** What integers win over float32, both on our kernels: of the net alone, and of a 640x480 JPEG to its classes. */
export const integersSuite: Suite = async ({ report }) => {
  for (const [name, net] of Object.entries(nets)) {
    for (const [what, module] of [
      ["integers", "infer-ours.ts"],
      ["integers-photo", "classify-ours.ts"],
    ] as const) {
      const standings = await duel(
        [
          { name: "ours", module, workload: { ...net, storage: "integers" } },
          { name: "float32", module, workload: { ...net, storage: "uint8" } },
        ],
        // the answers of nets that nobody trained differ; tests hold those of integers against plain loops
        { rounds: 11, blockMs: 150, warmUpRuns: 60, distance: () => "" },
      );
      report({ name: `${name}/${what}`, workload: "in integers, against float32", standings });
    }
  }
};
