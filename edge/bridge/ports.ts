/** What the bridge needs from the machine, so that a test can give its own. */
export interface BridgePorts {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves after a while, at once when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** 0-1. */
  readonly random: () => number;
  /** One structured line; never a token, a password or an image. */
  readonly log: (entry: Readonly<Record<string, unknown>>) => void;
}

/** A frame with the time at which the bridge got it, milliseconds since 1970. */
export interface TimedFrame {
  readonly bytes: Uint8Array;
  readonly at: number;
}
