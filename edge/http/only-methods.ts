import type { Handler } from "hono";
import { AppError } from "../../shared/contract/errors.ts";
import type { AppEnvironment } from "../app-environment.ts";

/** Refuses the methods that a path does not have. @param allowed value of the `Allow` header, e.g. `GET, HEAD` */
export function onlyMethods(allowed: string): Handler<AppEnvironment> {
  return function refuseMethod(context) {
    context.header("allow", allowed);
    throw new AppError(
      "method_not_allowed",
      `${context.req.path} does not take ${context.req.method}; use ${allowed}`,
    );
  };
}
