/* oxlint-disable import/default -- Text modules: the build gives the source of each file as its default export */
// The rule in wrangler.jsonc matches what is written here, not where it leads: hence the folder in each.
import apiSource from "../console/api.js";
import baseStyle from "../console/base.css";
import consoleStyle from "../console/console.css";
import consoleSource from "../console/console.js";
import docsStyle from "../console/docs.css";
import docsPage from "../console/docs.html";
import docsSource from "../console/docs.js";
import formatSource from "../console/format.js";
import page from "../console/index.html";
import keySource from "../console/key.js";
import openApiSource from "../console/openapi.js";
import servedSource from "../console/served.js";
import viewSource from "../console/view.js";

/**
 * What the page may do: its own files, its own server, and pictures the visitor chose (`blob:`).
 * No inline script, style or handler, so a hostile label or file name can never become code.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

const script = "text/javascript; charset=utf-8";

const files: ReadonlyMap<string, { readonly text: string; readonly type: string }> = new Map([
  ["/", { text: page, type: "text/html; charset=utf-8" }],
  ["/console/base.css", { text: baseStyle, type: "text/css; charset=utf-8" }],
  ["/console/console.css", { text: consoleStyle, type: "text/css; charset=utf-8" }],
  ["/console/console.js", { text: consoleSource, type: script }],
  ["/console/api.js", { text: apiSource, type: script }],
  ["/docs", { text: docsPage, type: "text/html; charset=utf-8" }],
  ["/console/docs.css", { text: docsStyle, type: "text/css; charset=utf-8" }],
  ["/console/docs.js", { text: docsSource, type: script }],
  ["/console/openapi.js", { text: openApiSource, type: script }],
  ["/console/format.js", { text: formatSource, type: script }],
  ["/console/key.js", { text: keySource, type: script }],
  ["/console/served.js", { text: servedSource, type: script }],
  ["/console/view.js", { text: viewSource, type: script }],
]);

/**
 * The console's file at a path of the Worker, with its content type and security headers.
 * @param path URL path, e.g. `/` or `/console/console.js`
 * @returns 200 with the file, or `undefined` where the console has none
 */
export function consoleAsset(path: string): Response | undefined {
  const file = files.get(path);
  if (file === undefined) return undefined;
  return new Response(file.text, {
    headers: {
      "content-type": file.type,
      "content-security-policy": contentSecurityPolicy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      // The files change with the Worker and have no digest in their names: ask again every time.
      "cache-control": "no-cache",
    },
  });
}
