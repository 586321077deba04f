import { Argument, type Command } from "commander";
import { backbonePlaces, hasBackbone } from "../backbones/find-backbone.ts";
import { backboneOf, backbones } from "../backbones/registry.ts";
import { storeBackbone } from "../backbones/stored-backbones.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { sizeText, table } from "../terminal/table.ts";
import { type CommonOptions, withCommonOptions } from "./common-options.ts";
import { terminalReporter } from "./job-options.ts";

/** Adds `backbones list` and `backbones upload`: the nets whose features a head is learnt on. */
export function addBackbonesCommands(program: Command): void {
  const command = program
    .command("backbones")
    .description("list the nets that a few hundred photos are learnt on; put their files into the store");
  addList(command);
  addUpload(command);
}

function addList(parent: Command): void {
  const command = parent
    .command("list")
    .description("list the backbones, the best features first, and whether their files are here");
  withCommonOptions(command, ["npm run edgewise -- backbones list --json"]).action(
    async ({ json }: CommonOptions) => {
      const output = createOutput(json);
      const places = backbonePlaces();
      const rows = await Promise.all(
        backbones.map(async (backbone) => {
          const { name, size, macs, bytes, licence, url, file, sha256 } = backbone;
          const here = await hasBackbone(backbone, places);
          return { name, size, macs, bytes, licence, url, file, sha256, here };
        }),
      );
      const heading = ["name", "input", "million MACs", "file", "licence", "here"];
      const lines = rows.map(({ name, size, macs, bytes, licence, here }) => [
        name,
        `${size} px`,
        (macs / 1e6).toFixed(0),
        sizeText(bytes),
        licence,
        here ? "yes" : "no",
      ]);
      for (const line of table([heading, ...lines])) output.answer(line);
      output.result({ folder: places.folder, cache: places.cache, backbones: rows });
    },
  );
}

function addUpload(parent: Command): void {
  const command = parent
    .command("upload")
    .description("put the files of backbones into the store, where the retraining pipeline finds them")
    .addArgument(
      new Argument("[name...]", "which (default: all)").choices(backbones.map(({ name }) => name)),
    );
  withCommonOptions(command, [
    "npm run edgewise -- backbones upload --store s3://edgewise-record",
    "npm run edgewise -- backbones upload mobilenet-v2-1.0-224 --store s3://edgewise-record",
  ]).action(async (names: readonly string[], options: CommonOptions) => {
    const output = createOutput(options.json);
    const store = await openStore(options.store);
    const wanted = names.length === 0 ? backbones : names.map(backboneOf);
    const bar = terminalReporter(output).progress("backbones");
    const keys: string[] = [];
    try {
      for (const backbone of wanted) {
        keys.push(
          await storeBackbone(store, backbone, backbonePlaces(), (done, total) =>
            bar.update(done, total, backbone.name),
          ),
        );
      }
    } finally {
      bar.end();
    }
    output.answer(
      `${keys.length} backbones in ${options.store}: ${wanted.map(({ name }) => name).join(", ")}`,
    );
    output.result({ store: options.store, keys });
  });
}
