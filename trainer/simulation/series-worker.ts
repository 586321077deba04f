// The program of a drawing thread: draws the frames of one camera at a time.
import { parentPort } from "node:worker_threads";
import { loadJpegEncoder } from "../assets.ts";
import { drawSeries } from "./draw-series.ts";
import type { Timeline } from "./timeline.ts";

/** What is asked of a drawing thread. */
export interface SeriesRequest {
  readonly seed: number;
  readonly timeline: Timeline;
}

const encode = loadJpegEncoder();
const port = parentPort;

port?.on("message", ({ seed, timeline }: SeriesRequest) => {
  port.postMessage(drawSeries(seed, timeline, encode), []);
});
