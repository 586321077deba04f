import { type Problem, problemMediaType } from "../../shared/contract/problem.ts";

/** The body that tells of a failure. */
export interface FailureBody {
  readonly mediaType: string;
  readonly body: unknown;
}

/** How clients of another protocol read a failure, by the beginning of the path. */
const dialects: readonly (readonly [prefix: string, bodyOf: (detail: string) => unknown])[] = [
  ["/v2", (error) => ({ error })],
  ["/hf", (error) => ({ error })],
  ["/v1/vision", (error) => ({ success: false, error })],
];

/** A problem in the words of the protocol that its path belongs to: RFC 9457 but for the dialects. */
export function failureBody(path: string, problem: Problem): FailureBody {
  const spoken = dialects.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`));
  return spoken === undefined
    ? { mediaType: problemMediaType, body: problem }
    : { mediaType: "application/json", body: spoken[1](problem.detail) };
}
