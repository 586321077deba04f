import { describe, expect, it } from "vitest";
import { type FormPart, parseParts } from "../../../edge/http/multipart.ts";
import { isAppError } from "../../../shared/contract/errors.ts";

const contentType = "multipart/form-data; boundary=cut";

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function filesOf(body: Uint8Array, type: string): FormPart[] {
  return parseParts(body, type).filter(({ isFile }) => isFile);
}

function parsed(body: string, type = contentType): [string | null, string][] {
  return filesOf(bytes(body), type).map((file) => [file.name, String.fromCharCode(...file.bytes)]);
}

function part(disposition: string, content: string, more = ""): string {
  return `--cut\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${content}\r\n`;
}

describe("parseParts", () => {
  it("names the fields, with quotes or without", () => {
    const form = `${part('name="api_key"', "secret")}${part("name=image; filename=a.png", "png")}--cut--`;

    expect(parseParts(bytes(form), contentType)).toEqual([
      { field: "api_key", isFile: false, name: null, bytes: bytes("secret") },
      { field: "image", isFile: true, name: "a.png", bytes: bytes("png") },
    ]);
  });

  it("finds what the platform's own FormData wrote", async () => {
    const files = ["", "plain", "\r\n--", "\r\n".repeat(50), "--cut\r\n\r\n", "\0\u00ff\r", "\n-"];
    const form = new FormData();
    form.append("text", "no file");
    for (const [i, content] of files.entries()) {
      form.append("file", new File([bytes(content)], `a "${i}" ü.png`, { type: "image/png" }));
    }
    const request = new Response(form);
    const type = request.headers.get("content-type") ?? "";
    const found = filesOf(new Uint8Array(await request.arrayBuffer()), type);

    expect(found.map((file) => String.fromCharCode(...file.bytes))).toEqual(files);
    expect(found.map((file) => file.name)).toEqual(files.map((_, i) => `a "${i}" ü.png`));
  });

  it("passes over a preamble, an epilogue and padding, and takes a quoted boundary", () => {
    const body = `hello\r\n${part('name="a"; filename=x.png', "one").replace("--cut\r\n", "--cut \t\r\n")}--cut--\r\nbye`;

    expect(parsed(body, 'Multipart/Form-Data; charset=utf-8; Boundary="cut"')).toEqual([["x.png", "one"]]);
  });

  it("takes a part without a file name for a file by its type, and leaves out a field that was left empty", () => {
    const body =
      part('name="a"', "one", "Content-Type: image/jpeg\r\n") +
      part('name="b"; filename=""', "", "Content-Type: application/octet-stream\r\n") +
      part('name="c"', "text") +
      `--cut--`;

    expect(parsed(body)).toEqual([[null, "one"]]);
  });

  it("finds a file that is full of beginnings of the boundary", () => {
    const content = "\r\n--cu\r\r\n-\r\n--c\r\n--";

    expect(parsed(`${part('filename="x"', content)}--cut--`)).toEqual([["x", content]]);
  });

  it.each([
    ["nothing", ""],
    ["no boundary", "hello"],
    ["no last boundary", part('filename="x"', "one")],
    ["a part that is cut short", '--cut\r\nContent-Disposition: form-data; filename="x"\r\n'],
    ["a boundary inside a line", `--cutlery\r\n\r\n\r\n--cut--`],
    ["endless headers", `--cut\r\n${"a".repeat(20_000)}\r\n\r\n\r\n--cut--`],
    ["thousands of parts", `${part('name="a"', "").repeat(1001)}--cut--`],
  ])("rejects %s", (_, body) => {
    expect(() => parsed(body)).toThrow(expect.toSatisfy((error) => isAppError(error, "invalid_argument")));
  });

  it.each([
    "multipart/form-data",
    "multipart/form-data; boundary=",
    `multipart/form-data; boundary=${"x".repeat(71)}`,
  ])("rejects the type %s", (type) => {
    expect(() => parsed("--cut--", type)).toThrow("has no boundary");
  });
});
