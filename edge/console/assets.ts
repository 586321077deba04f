/* oxlint-disable import/default -- Text modules: the build gives the source of each file as its default export */
// The rule in wrangler.jsonc matches what is written here, not where it leads: hence the folder in each.
import apiSource from "../console/api.js";
import baseStyle from "../console/base.css";
import cameraStyle from "../console/camera.css";
import cameraPage from "../console/camera.html";
import cameraSource from "../console/camera.js";
import cameraApiSource from "../console/camera-api.js";
import cameraPicturesSource from "../console/camera-pictures.js";
import cameraViewSource from "../console/camera-view.js";
import camerasPage from "../console/cameras.html";
import camerasSource from "../console/cameras.js";
import consoleStyle from "../console/console.css";
import consoleSource from "../console/console.js";
import docsStyle from "../console/docs.css";
import docsPage from "../console/docs.html";
import docsSource from "../console/docs.js";
import elementsSource from "../console/elements.js";
import eventStreamSource from "../console/event-stream.js";
import failureSource from "../console/failure.js";
import formatSource from "../console/format.js";
import page from "../console/index.html";
import keySource from "../console/key.js";
import liveControlSource from "../console/live-control.js";
import liveSource from "../console/live.js";
import modelsViewSource from "../console/models-view.js";
import modelsSource from "../console/models.js";
import openApiSource from "../console/openapi.js";
import photoViewSource from "../console/photo-view.js";
import serverRateSource from "../console/server-rate.js";
import reviewApiSource from "../console/review-api.js";
import reviewStyle from "../console/review.css";
import reviewPage from "../console/review.html";
import reviewSource from "../console/review.js";
import regionEditorSource from "../console/region-editor.js";
import servedSource from "../console/served.js";
import timelineSource from "../console/timeline.js";
import tuningFormSource from "../console/tuning-form.js";
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

const pages: readonly (readonly [path: string, text: string])[] = [
  ["/", page],
  ["/docs", docsPage],
  ["/console/camera", cameraPage],
  ["/console/cameras", camerasPage],
  ["/console/review", reviewPage],
];

const styles: readonly (readonly [name: string, text: string])[] = [
  ["base", baseStyle],
  ["camera", cameraStyle],
  ["console", consoleStyle],
  ["docs", docsStyle],
  ["review", reviewStyle],
];

const scripts: readonly (readonly [name: string, text: string])[] = [
  ["api", apiSource],
  ["camera", cameraSource],
  ["camera-api", cameraApiSource],
  ["camera-pictures", cameraPicturesSource],
  ["camera-view", cameraViewSource],
  ["cameras", camerasSource],
  ["console", consoleSource],
  ["docs", docsSource],
  ["elements", elementsSource],
  ["event-stream", eventStreamSource],
  ["failure", failureSource],
  ["format", formatSource],
  ["key", keySource],
  ["live", liveSource],
  ["live-control", liveControlSource],
  ["models", modelsSource],
  ["models-view", modelsViewSource],
  ["openapi", openApiSource],
  ["photo-view", photoViewSource],
  ["region-editor", regionEditorSource],
  ["review", reviewSource],
  ["review-api", reviewApiSource],
  ["served", servedSource],
  ["server-rate", serverRateSource],
  ["timeline", timelineSource],
  ["tuning-form", tuningFormSource],
  ["view", viewSource],
];

interface File {
  readonly text: string;
  readonly type: string;
}

const files: ReadonlyMap<string, File> = new Map<string, File>([
  ...pages.map(([path, text]) => [path, { text, type: "text/html; charset=utf-8" }] as const),
  ...styles.map(
    ([name, text]) => [`/console/${name}.css`, { text, type: "text/css; charset=utf-8" }] as const,
  ),
  ...scripts.map(
    ([name, text]) => [`/console/${name}.js`, { text, type: "text/javascript; charset=utf-8" }] as const,
  ),
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
