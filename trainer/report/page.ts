import { readFile } from "node:fs/promises";
import { html, Markup } from "./html.ts";

/** A page that opens from disk and asks nobody for anything. */
export interface Page {
  readonly title: string;
  readonly body: Markup;
  /** Scripts at the end of the body, in order. */
  readonly scripts?: readonly Markup[];
  /** Styles beside those that all pages share. */
  readonly styles?: readonly string[];
}

/** The bytes of a self-contained page; its policy forbids the network. */
export async function renderPage({ title, body, scripts = [], styles = [] }: Page): Promise<Uint8Array> {
  const shared = await readFile(new URL("page/page.css", import.meta.url), "utf8");
  const policy =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; " +
    "base-uri 'none'; form-action 'none'";
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <style>
          ${new Markup([shared, ...styles].join("\n"))}
        </style>
      </head>
      <body>
        ${body}
        ${scripts.map(
          (script) =>
            html`<script>
              ${script};
            </script> `,
        )}
      </body>
    </html> `;
  return new TextEncoder().encode(page.text);
}
