import type { Context } from "hono";
import { AppError } from "../../shared/contract/errors.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { consoleAsset } from "../console/assets.ts";

/** The console page at `/` and its files. @throws not_found */
export function answerConsole(context: Context<AppEnvironment>): Response {
  const asset = consoleAsset(context.req.path);
  if (asset === undefined) throw new AppError("not_found", `the console has no file ${context.req.path}`);
  return asset;
}
