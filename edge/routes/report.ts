import type { Context } from "hono";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { nameSchema, versionSchema } from "../../shared/contract/names.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { AppEnvironment } from "../app-environment.ts";
import type { Services } from "../services.ts";

/** A report is a page by itself, of another origin than the console: it may draw, and nothing else. */
const contentSecurityPolicy =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";

/**
 * `GET /models/{model}/versions/{version}/report.html`: how a version was evaluated. It shows photos of the dataset, so it
 * is for admins only, and no cache keeps it.
 * @throws not_found
 */
export async function answerReport(
  context: Context<AppEnvironment>,
  { bucket }: Pick<Services, "bucket">,
): Promise<Response> {
  const { model = "", version = "" } = context.req.param();
  const isNamed = z.safeParse(nameSchema, model).success && z.safeParse(versionSchema, version).success;
  const key = objectKeys.versionFile(model, version, "report.html");
  const report = isNamed ? await bucket.get(key, {}) : null;
  if (report === null) {
    throw new AppError("not_found", "this version has no report; GET /models lists the versions there are");
  }
  context.header("content-type", "text/html; charset=utf-8");
  context.header("content-security-policy", contentSecurityPolicy);
  context.header("cache-control", "private, no-store");
  return context.body(report.body);
}
