import type { Progress } from "../terminal/progress.ts";

/** Tells people where a long piece of work is. */
export interface Reporter {
  /** One line: what happens now, or what was found. */
  readonly say: (line: string) => void;
  /** A bar for work that is counted. */
  readonly progress: (title: string) => Progress;
}
