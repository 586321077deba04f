import { createImageCodec } from "../../../shared/image/codec.ts";
import codecWasm from "../../../shared/image/codec/codec.wasm";
import { describeGoldenDecode } from "../../shared/image/golden-decode.ts";

/** Data URLs, by path: Vite puts the bytes of the fixtures into the module. */
const fixtures = import.meta.glob<string>("../../fixtures/images/*.{jpg,png,webp}", {
  query: "?inline",
  import: "default",
  eager: true,
});

function readFixture(name: string): Uint8Array {
  const base64 = fixtures[`../../fixtures/images/${name}`]?.split(",")[1];
  if (base64 === undefined) throw new Error(`there is no fixture ${name}`);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

describeGoldenDecode("workerd", () => ({ codec: createImageCodec(codecWasm), readFixture }));
