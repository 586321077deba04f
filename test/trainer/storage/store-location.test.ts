import { expect, it } from "vitest";
import { parseStoreLocation } from "../../../trainer/storage/store-location.ts";

const account = "0123456789abcdef0123456789abcdef";

it.for([
  [".edgewise/store", { kind: "folder", path: ".edgewise/store" }],
  ["C:\\store", { kind: "folder", path: "C:\\store" }],
  ["s3://my-bucket", { kind: "s3", bucket: "my-bucket", prefix: "" }],
  ["s3://my-bucket/a/b/", { kind: "s3", bucket: "my-bucket", prefix: "a/b/" }],
  [
    `r2://${account}/models`,
    {
      kind: "s3",
      bucket: "models",
      prefix: "",
      endpoint: `https://${account}.r2.cloudflarestorage.com`,
      region: "auto",
    },
  ],
] as const)("reads %s", ([text, location]) => {
  expect(parseStoreLocation(text)).toEqual(location);
});

it.for([
  "s3://",
  "s3://A_B",
  "s3:///key",
  "s3://my-bucket//a",
  "r2://models",
  `r2://${account}`,
  "gs://bucket",
  "https://host/x",
])("rejects %s", (text) => {
  expect(() => parseStoreLocation(text)).toThrow(
    expect.objectContaining({ code: "invalid_argument", message: expect.stringContaining(text) }),
  );
});
