import type { ReleaseProgress } from "../release/release.ts";
import type { Progress } from "../terminal/progress.ts";
import type { Reporter } from "./reporter.ts";

/** A release on the screen. */
export interface ShownRelease {
  readonly update: (step: ReleaseProgress) => void;
  readonly end: () => void;
}

/** Shows the steps of a release: a line each, and a bar for every candidate that is verified. */
export function createReleaseProgress(reporter: Reporter): ShownRelease {
  let bar: { readonly scheme: string; readonly progress: Progress } | null = null;
  const end = (): void => {
    bar?.progress.end();
    bar = null;
  };
  return {
    update: ({ step, scheme, done, total }) => {
      if (scheme === undefined || done === undefined || total === undefined) {
        end();
        return;
      }
      if (bar?.scheme !== scheme) {
        end();
        reporter.say(`${step} ${scheme}`);
        bar = { scheme, progress: reporter.progress(step) };
      }
      bar.progress.update(done, total);
    },
    end,
  };
}
