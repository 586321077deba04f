/** Writes image-decode.json anew: `node test/golden/update-image-decode.ts`. A changed digest is a changed promise. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadCodec } from "../../trainer/assets.ts";
import { decodeDigests } from "../shared/image/decode-digests.ts";

const folder = new URL("../fixtures/images/", import.meta.url);
const runtime = { codec: loadCodec(), readFixture: (name: string) => readFileSync(new URL(name, folder)) };
const images = readdirSync(folder).filter((name) => /\.(?:jpg|png|webp)$/.test(name));
const golden: Record<string, Record<string, string>> = {};
for (const name of images.toSorted()) golden[name] = await decodeDigests(runtime, name);
writeFileSync(new URL("image-decode.json", import.meta.url), `${JSON.stringify(golden, null, 2)}\n`);
