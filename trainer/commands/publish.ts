import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { AppError } from "../../shared/contract/errors.ts";
import { openBundle } from "../../shared/inference/bundle.ts";
import { createClassifier } from "../../shared/inference/classifier.ts";
import { loadCodec } from "../assets.ts";
import { openInference } from "../engine/open-inference.ts";
import { publishVersion } from "../release/publish.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { type CommonOptions, withCommonOptions } from "./common-options.ts";

/** Adds `publish`: brings a bundle folder made elsewhere into the store. */
export function addPublishCommand(program: Command): void {
  const command = program
    .command("publish")
    .description("publish a bundle folder made elsewhere (manifest.json and its files) after checking it")
    .argument("<folder>", "a folder with manifest.json, model.json and the weight shards");
  withCommonOptions(command, [
    "npm run edgewise -- publish ./bundle",
    "npm run edgewise -- publish other-store/models/default/versions/20260131T235959Z-0a1b2c3d",
  ]).action(async (folder: string, options: CommonOptions, self: Command) => {
    const output = createOutput(options.json);
    const readBundleFile = async (path: string): Promise<Uint8Array> => {
      try {
        return new Uint8Array(await readFile(join(folder, path)));
      } catch (cause) {
        throw new AppError(
          "invalid_argument",
          `cannot read ${join(folder, path)}; name a folder that holds manifest.json and every file it lists`,
          { cause },
        );
      }
    };
    await openInference();
    const bundle = await openBundle({
      manifest: await readBundleFile("manifest.json"),
      readFile: readBundleFile,
    });
    const { model } = bundle.manifest;
    if (self.getOptionValueSource("model") === "cli" && options.model !== model) {
      throw new AppError(
        "invalid_argument",
        `the bundle is of model ${model}, --model says ${options.model}; a bundle keeps its model, leave --model out`,
      );
    }
    const classifier = createClassifier(bundle, loadCodec());
    try {
      classifier.selfTest();
    } finally {
      classifier.dispose();
    }
    const files = await Promise.all(
      bundle.manifest.files.map(async ({ path }) => ({ path, bytes: await readBundleFile(path) })),
    );
    const published = await publishVersion(await openStore(options.store), {
      manifest: bundle.manifest,
      files,
    });
    output.answer(`published ${published.model} ${published.version} (promote it to serve it)`);
    output.result({ ...published });
  });
}
