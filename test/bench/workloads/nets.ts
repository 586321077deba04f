import type { MobileNetWorkload } from "./mobilenet.ts";

/** The nets that are measured, by the name their keys have. */
export const nets = {
  "mobilenet_v1_0.25_128": { size: 128, width: 0.25, classes: 1000 },
  "mobilenet_v2_0.5_160": { version: 2, size: 160, width: 0.5, classes: 1000 },
  "mobilenet_v2_1.0_224": { version: 2, size: 224, width: 1, classes: 1000 },
} as const satisfies Readonly<Record<string, MobileNetWorkload>>;
