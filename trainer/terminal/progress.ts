import { SingleBar } from "cli-progress";

/** A long piece of work shown as a bar with its remaining time. */
export interface Progress {
  /** Moves the bar to `done` of `total`; the first call shows it. */
  update(done: number, total: number, note?: string): void;
  /** Leaves the finished bar on the screen. A bar on a terminal keeps the process alive until then. */
  end(): void;
}

/** A piece of work of several phases, a bar each. */
export interface PhaseProgress {
  /** Moves the bar of a phase; its first call shows it. */
  readonly update: (phase: string, done: number, total: number) => void;
  /** Ends every bar. */
  readonly end: () => void;
}

/**
 * A progress bar on stderr; where stderr is no terminal, a line every tenth of the way.
 * @param title what is being done, e.g. `decode`
 */
export function createProgress(title: string): Progress {
  return process.stderr.isTTY ? terminalBar(title) : logLines(title);
}

/** Bars that appear as their phases begin. @param open starts the bar of a phase */
export function createPhaseProgress(open: (title: string) => Progress): PhaseProgress {
  const bars = new Map<string, Progress>();
  return {
    update: (phase, done, total) => {
      const bar = bars.get(phase) ?? open(phase);
      bars.set(phase, bar);
      bar.update(done, total);
    },
    end: () => {
      for (const bar of bars.values()) bar.end();
    },
  };
}

function terminalBar(title: string): Progress {
  const bar = new SingleBar({
    format: `${title.padEnd(10)} {bar} {percentage}% {value}/{total}  {eta_formatted} left  {note}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 28,
    // A process that is killed could not give the terminal its cursor and its line wrapping back.
    hideCursor: false,
    linewrap: true,
    stream: process.stderr,
    etaBuffer: 50,
    clearOnComplete: false,
  });
  let running = false;
  return {
    update: (done, total, note = "") => {
      if (!running) bar.start(total, 0, { note });
      running = true;
      bar.setTotal(total);
      bar.update(done, { note });
    },
    end: () => {
      if (running) bar.stop();
      running = false;
    },
  };
}

function logLines(title: string): Progress {
  let shownTenths = 0;
  return {
    update: (done, total, note = "") => {
      const tenths = Math.floor((10 * done) / Math.max(total, 1));
      if (tenths <= shownTenths) return;
      shownTenths = tenths;
      process.stderr.write(`${title.padEnd(10)} ${tenths * 10}% ${done}/${total} ${note}`.trimEnd() + "\n");
    },
    end: () => {
      shownTenths = 0;
    },
  };
}
