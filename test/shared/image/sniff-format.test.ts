import { describe, expect, it } from "vitest";
import { sniffFormat } from "../../../shared/image/sniff-format.ts";
import { latin1 } from "./image-files.ts";
import { readImage } from "./hostile-files.ts";

describe("sniffing", () => {
  it.each([
    ["baseline-420.jpg", "jpeg"],
    ["rgb.png", "png"],
    ["lossy.webp", "webp"],
    ["display-p3-orientation-8.webp", "webp"],
  ])("knows %s as %s", (name, format) => {
    expect(sniffFormat(readImage(name))).toEqual({ kind: "readable", format });
  });

  it.each([
    ["GIF", "GIF87a...."],
    ["HEIC", "\0\0\0\x1cftypheix\0\0\0\0"],
    ["AVIF", "\0\0\0\x1cftypavis\0\0\0\0"],
    ["MP4 or QuickTime video", "\0\0\0\x14ftypqt  \0\0\0\0"],
    ["PDF", "%PDF-1.4"],
    ["BMP", "BM\x36\0\x0c\0\0\0\0\0\x36\0\0\0"],
    ["TIFF", "MM\0*\0\0\0\x08"],
    ["SVG", "\xef\xbb\xbf  <svg xmlns='http://www.w3.org/2000/svg'/>"],
    ["SVG", "<?xml version='1.0'?><!DOCTYPE svg PUBLIC '' ''>\n<svg/>".replace("<svg/>", "<svg >")],
    ["XML", "<?xml version='1.0'?><EventNotificationAlert/>"],
    ["HTML", "<!DOCTYPE html>\n<html>"],
    ["JPEG XL", "\0\0\0\x0cJXL \r\n\x87\n"],
    ["JPEG 2000", "\0\0\0\x0cjP  \r\n\x87\n"],
    ["icon", "\0\0\x01\0\x01\0"],
    ["ZIP", "PK\x03\x04"],
  ])("names %s, which is not read", (name, text) => {
    expect(sniffFormat(latin1(text))).toEqual({ kind: "unreadable", name });
  });

  it.each([
    ["nothing", ""],
    ["two bytes of a JPEG", "\xff\xd8"],
    ["text", "BMW is no BMP"],
    ["JSON", '{"image":"..."}'],
    ["zeros", "\0\0\0\0\0\0\0\0"],
    ["another RIFF file", "RIFF\0\0\0\0WAVEfmt "],
  ])("does not guess at %s", (_, text) => {
    expect(sniffFormat(latin1(text))).toEqual({ kind: "unknown" });
  });

  it.each(["<!---->", "<?xml ?>", "<!doctype x>", "<!--", "<?xml ", " "])(
    "ends soon on text made to backtrack: %s",
    (repeated) => {
      expect(["XML", undefined]).toContain(nameOf(latin1(repeated.repeat(500))));
    },
  );
});

function nameOf(bytes: Uint8Array): string | undefined {
  const sniffed = sniffFormat(bytes);
  return sniffed.kind === "unreadable" ? sniffed.name : undefined;
}
