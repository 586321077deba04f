import { type Command, InvalidArgumentError, Option } from "commander";
import { type ApiKey, isKeyActive, type KeyScope, keyScopes } from "../../shared/contract/keys.ts";
import { createApiKey, listApiKeys, revokeApiKey } from "../auth/api-keys.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput } from "../terminal/output.ts";
import { table } from "../terminal/table.ts";
import { type CommonOptions, parsePositive, withCommonOptions } from "./common-options.ts";

interface CreateOptions extends CommonOptions {
  readonly scope: readonly KeyScope[];
  readonly expires?: Date;
  readonly dailyQuota?: number;
}

/** Adds `keys create`, `keys list` and `keys revoke`: who may ask the Worker. */
export function addKeysCommands(program: Command): void {
  const keys = program.command("keys").description("make, list and revoke the API keys of the Worker");
  addCreate(keys);
  addList(keys);
  addRevoke(keys);
}

function addCreate(keys: Command): void {
  const command = keys
    .command("create")
    .description("make an API key and show it, this once; the store keeps its digest only")
    .argument("<name>", "who or what will use it")
    .addOption(
      new Option("--scope <scopes...>", "what it may do; admin may do everything")
        .choices(keyScopes)
        .default(["classify"]),
    )
    .option("--expires <date>", "when it ends by itself, e.g. 2027-01-31 (UTC)", parseDate)
    .option("--daily-quota <number>", "most POST requests a UTC day, counted exactly", parsePositive);
  withCommonOptions(command, [
    "npm run edgewise -- keys create shop-app",
    "npm run edgewise -- keys create shop-app --scope classify feedback --daily-quota 10000",
    "npm run edgewise -- keys create operator --scope admin --store r2://0123456789abcdef0123456789abcdef/edgewise-models",
  ]).action(async (name: string, options: CreateOptions) => {
    const output = createOutput(options.json);
    const { key, record } = await createApiKey(await openStore(options.store), {
      name,
      scopes: [...options.scope],
      ...(options.expires === undefined ? {} : { expiresAt: options.expires.toISOString() }),
      ...(options.dailyQuota === undefined ? {} : { dailyQuota: options.dailyQuota }),
      now: new Date(),
    });
    output.answer(key);
    output.say(`key ${record.id} of ${name}: keep it now, it is not shown again`);
    output.result({ key, ...withoutDigest(record) });
  });
}

function addList(keys: Command): void {
  const command = keys.command("list").description("list the API keys, without the keys themselves");
  withCommonOptions(command, [
    "npm run edgewise -- keys list",
    "npm run edgewise -- keys list --json",
  ]).action(async (options: CommonOptions) => {
    const output = createOutput(options.json);
    const known = await listApiKeys(await openStore(options.store));
    if (known.length === 0) output.say(`no API key in ${options.store}; \`edgewise keys create\` makes one`);
    const rows = known.map((key) => [
      key.id,
      key.name,
      key.scopes.join(" "),
      key.createdAt.slice(0, 10),
      key.dailyQuota === undefined ? "-" : String(key.dailyQuota),
      stateOf(key),
    ]);
    const heading = ["id", "name", "scopes", "made", "daily quota", "state"];
    if (rows.length > 0) for (const line of table([heading, ...rows])) output.answer(line);
    output.result({ keys: known.map((key) => ({ ...withoutDigest(key), state: stateOf(key) })) });
  });
}

function addRevoke(keys: Command): void {
  const command = keys
    .command("revoke")
    .description("end the use of an API key for good; Workers that follow the store refuse it within seconds")
    .argument("<id>", "its id, as `edgewise keys list` shows it");
  withCommonOptions(command, ["npm run edgewise -- keys revoke 0a1b2c3d"]).action(
    async (id: string, options: CommonOptions) => {
      const output = createOutput(options.json);
      const key = await revokeApiKey(await openStore(options.store), id, new Date());
      output.answer(`revoked ${key.id} (${key.name})`);
      output.result(withoutDigest(key));
    },
  );
}

function withoutDigest(key: ApiKey): Omit<ApiKey, "sha256"> {
  const { sha256: _, ...described } = key;
  return described;
}

function stateOf(key: Pick<ApiKey, "revokedAt" | "expiresAt">): string {
  if (key.revokedAt !== undefined) return `revoked ${key.revokedAt.slice(0, 10)}`;
  if (!isKeyActive(key, Date.now())) return `expired ${key.expiresAt?.slice(0, 10)}`;
  return key.expiresAt === undefined ? "active" : `active until ${key.expiresAt.slice(0, 10)}`;
}

function parseDate(text: string): Date {
  const date = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z)?$/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError(`got "${text}"; a date like 2027-01-31 or 2027-01-31T18:00:00Z is needed.`);
}
