import type { WasmHeap } from "../wasm-heap.ts";
import { heapIsFull } from "./pack-weights.ts";

/**
 * The memory that the activations of all plans share: one runs at a time. As large as the largest plan needs; it may
 * move when another plan is loaded, so its address is asked for before every run.
 */
export class ActivationArena {
  readonly #heap: WasmHeap;
  readonly #needs = new Map<object, number>();
  #sizeBytes = 0;
  #address = 0;

  constructor(heap: WasmHeap) {
    this.#heap = heap;
  }

  /** Where it begins, in bytes from the start of the heap; a multiple of 16. */
  get address(): number {
    return this.#address;
  }

  /** Makes room for a plan. @throws {AppError} budget_exceeded; what was there stays */
  claim(owner: object, sizeBytes: number): void {
    if (sizeBytes > this.#sizeBytes) this.#resize(sizeBytes);
    this.#needs.set(owner, sizeBytes);
  }

  /** Frees it with the last plan. */
  release(owner: object): void {
    this.#needs.delete(owner);
    if (this.#needs.size > 0) return;
    this.#heap.free(this.#address);
    this.#sizeBytes = 0;
    this.#address = 0;
  }

  #resize(sizeBytes: number): void {
    // freed first: nothing in it outlives a run, and two arenas at a time might not fit
    const previousBytes = this.#sizeBytes;
    if (previousBytes > 0) this.#heap.free(this.#address);
    const address = this.#heap.malloc(sizeBytes) >>> 0;
    this.#address = address === 0 && previousBytes > 0 ? this.#heap.malloc(previousBytes) >>> 0 : address;
    this.#sizeBytes = address === 0 ? previousBytes : sizeBytes;
    if (address === 0) throw heapIsFull(sizeBytes);
  }
}
