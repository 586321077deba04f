import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { createR2Store } from "../../../shared/store/r2-binding-store.ts";
import { handMadeBundle, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { type Edge, openEdge } from "./open-edge.ts";

async function listed(edge: Edge): Promise<unknown> {
  return (await edge.fetch("/models")).json();
}

describe("GET /models", () => {
  const store = createR2Store(env.MODELS);

  beforeEach(async () => {
    const { objects } = await store.list("models/");
    for (const { key } of objects) await store.delete(key);
  });

  it("lists nothing where nothing is published", async () => {
    expect(await listed(openEdge())).toEqual({ models: [] });
  });

  it("lists versions, newest first, and aliases", async () => {
    const edge = openEdge();
    const bundles = await Promise.all([1, 2, 3].map((seed) => handMadeBundle({ model: edge.model, seed })));
    for (const bundle of bundles) await putVersion(store, bundle);
    const [champion, challenger] = bundles;
    if (champion === undefined || challenger === undefined) throw new Error("no bundle");
    await putAlias(store, champion);
    await putAlias(store, challenger, "challenger");

    const versions = bundles.map(({ manifest }) => manifest.version);
    expect(await listed(edge)).toEqual({
      models: [
        {
          model: edge.model,
          versions: versions.toSorted().toReversed(),
          aliases: [
            { alias: "challenger", version: challenger.manifest.version },
            { alias: "champion", version: champion.manifest.version },
          ],
        },
      ],
    });
  });

  it("leaves out a version without a manifest and the alias of one", async () => {
    const edge = openEdge();
    const bundle = await handMadeBundle({ model: edge.model });
    await putVersion(store, bundle);
    await putAlias(store, bundle);
    await store.delete(objectKeys.versionManifest(edge.model, bundle.manifest.version));

    expect(await listed(edge)).toEqual({ models: [{ model: edge.model, versions: [], aliases: [] }] });
  });

  it("leaves out an alias whose record is broken", async () => {
    const edge = openEdge();
    const bundle = await handMadeBundle({ model: edge.model });
    await putVersion(store, bundle);
    await store.put(objectKeys.alias(edge.model, "champion"), new TextEncoder().encode("{}"));

    expect(await listed(edge)).toEqual({
      models: [{ model: edge.model, versions: [bundle.manifest.version], aliases: [] }],
    });
  });
});
