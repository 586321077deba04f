import type { ApiKey, KeyScope } from "../../shared/contract/keys.ts";

/** Who asks: the owner of a key, or anybody where the Worker is open. */
export type Caller =
  | { readonly kind: "open" }
  | ({ readonly kind: "key" } & Pick<ApiKey, "id" | "name" | "scopes" | "dailyQuota">);

/** Whether a caller may do what the scope names. */
export function mayDo(caller: Caller, scope: KeyScope): boolean {
  return caller.kind === "open" || caller.scopes.includes(scope) || caller.scopes.includes("admin");
}
