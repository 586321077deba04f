import { compileModule } from "../../../trainer/assets.ts";
import type { PlanKernels } from "../../../shared/inference/plan/kernels-module.ts";
import { type ConvolutionStep, distancesOf, type Plan } from "../../../shared/inference/plan/steps.ts";

/** Operations a turn of each loop of `peak.as.ts`. */
const operations = { float32: 192 * 64, int16: 64 * 128 } as const;

/** Rates in billions of operations a second, each the best of many short runs. */
export interface Share {
  /** Float32 multiplications and additions out of the first-level cache. */
  readonly peak: number;
  /** The same of 16-bit integers. */
  readonly int16Peak: number;
  /** Of the plan's 1x1 convolutions together. */
  readonly reached: number;
}

interface PeakLoops {
  float32(turns: number, start: number): void;
  int16(turns: number, start: number): void;
}

const rounds = 40;
const recordAddress = 1024;
const dataAddress = 65_536;

/** Measures the loops and the convolutions in turns, so that what else the machine does hits them alike. */
export function measureShare(plan: Plan): Share {
  const memory = new Memory({ initial: 512 });
  const kernels = instantiate<PlanKernels>("../../../shared/inference/kernels/kernels.wasm", memory);
  const loops = instantiate<PeakLoops>("peak.wasm", memory);
  const floats = new Float32Array(memory.buffer);
  for (let i = 0; i < floats.length; i++) floats[i] = ((i * 7919) % 1000) / 1000 - 0.5;
  const steps = plan.steps.filter(
    (step) => step.kind === "convolution" && step.window.rows * step.window.columns === 1,
  ) as readonly ConvolutionStep[];
  const images = steps.filter(({ target }) => target.rows * target.columns > 1);
  const leastMs = images.map(() => Number.POSITIVE_INFINITY);
  let [peak, int16Peak] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    peak = Math.max(
      peak,
      rate(operations.float32, 200, (turns) => loops.float32(turns, dataAddress)),
    );
    int16Peak = Math.max(
      int16Peak,
      rate(operations.int16, 300, (turns) => loops.int16(turns, dataAddress)),
    );
    for (const [index, step] of images.entries()) {
      writeRecord(memory, step);
      const started = performance.now();
      kernels.run(recordAddress);
      leastMs[index] = Math.min(leastMs[index] ?? 0, performance.now() - started);
    }
  }
  const total = images.reduce((sum, step) => sum + operationsOf(step), 0);
  const milliseconds = leastMs.reduce((sum, ms) => sum + ms, 0);
  return { peak, int16Peak, reached: total / milliseconds / 1e6 };
}

function rate(operationsOfTurn: number, turns: number, run: (turns: number) => void): number {
  const started = performance.now();
  run(turns);
  return (operationsOfTurn * turns) / (performance.now() - started) / 1e6;
}

function operationsOf({ source, target }: ConvolutionStep): number {
  return 2 * target.rows * target.columns * source.channels * target.channels;
}

/** The step on memory of its own, input, weights and output one behind the other. */
function writeRecord(memory: WebAssembly.Memory, { source, target }: ConvolutionStep): void {
  const [from, to] = [distancesOf({ ...source, halo: none }), distancesOf({ ...target, halo: none })];
  const weights = dataAddress + from.row * source.rows;
  const output = weights + 4 * (source.pitch + 1) * target.pitch;
  const { rows, columns, pitch } = target;
  const words = new Int32Array(memory.buffer, recordAddress, 64).fill(0);
  words.set([
    1,
    dataAddress,
    output,
    weights,
    0,
    rows,
    columns,
    pitch,
    from.step,
    from.row,
    1,
    source.pitch,
    from.row,
  ]);
  words.set([to.step, to.row, 0, 0], 13);
  new Float32Array(memory.buffer, recordAddress).set([0, 6], 17);
}

// shared/webassembly.d.ts has what Workers may do
const Memory = WebAssembly.Memory as unknown as new (size: {
  readonly initial: number;
}) => WebAssembly.Memory;

const none = { top: 0, left: 0, bottom: 0, right: 0 };

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the file exports
function instantiate<Exports>(path: string, memory: WebAssembly.Memory): Exports {
  const module = compileModule(new URL(path, import.meta.url));
  // built beside their sources, which export these functions
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;
}
