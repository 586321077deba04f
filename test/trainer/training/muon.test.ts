import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../../trainer/engine/engine.ts";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { buildModel } from "../../../trainer/model/build-model.ts";
import { trainableWeights } from "../../../trainer/training/backward-pass.ts";
import { Muon, orthogonalized } from "../../../trainer/training/muon.ts";
import { stream } from "../../../trainer/training/random.ts";
import { floats, type ModelWeight } from "../../../trainer/training/weights.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine("wasm");
});

/** Rows and columns of draws between -1 and 1. */
function drawn(rows: number, columns: number, seed: number): tf.Tensor2D {
  const random = stream(seed, "matrix");
  return tf.tensor2d(
    Float32Array.from({ length: rows * columns }, () => 2 * random.uniform() - 1),
    [rows, columns],
  );
}

/** The singular values of a matrix of at most two rows or columns, the larger one first, by the closed form. */
function singularValues(matrix: tf.Tensor2D): readonly number[] {
  const [rows, columns] = matrix.shape;
  const square =
    rows > columns ? tf.matMul(matrix, matrix, true, false) : tf.matMul(matrix, matrix, false, true);
  const [a = 0, b = 0, , d = 0] = square.dataSync();
  const middle = (a + d) / 2;
  const spread = Math.sqrt(((a - d) / 2) ** 2 + b * b);
  return [Math.sqrt(middle + spread), Math.sqrt(middle - spread)];
}

describe("orthogonalized", () => {
  it.each([
    ["tall", 40, 2],
    ["wide", 2, 40],
  ])("brings the singular values of a %s matrix to about 1", (_, rows, columns) => {
    const matrix = drawn(rows, columns, 3);
    // one direction a hundred times the other
    const uneven = rows > columns ? tf.mul(matrix, [1, 0.01]) : tf.mul(matrix, [[1], [0.01]]);
    const values = singularValues(orthogonalized(uneven) as tf.Tensor2D);
    expect(values[0]).toBeLessThan(1.35);
    expect(values[1]).toBeGreaterThan(0.65);
  });

  it("leaves zeros as they are", () => {
    expect([...orthogonalized(tf.zeros([6, 3])).dataSync()].every((value) => value === 0)).toBe(true);
  });
});

const rate = 0.05;

function follow(optimizer: Muon, weights: readonly ModelWeight[], seeds: readonly number[]): void {
  for (const seed of seeds) {
    tf.tidy(() => {
      const gradients = weights.map((weight) => {
        const { shape, size } = weight.read();
        return tf.reshape(drawn(1, size, seed), shape);
      });
      optimizer.step(gradients, rate);
    });
  }
}

function weightsOf(seed: number): readonly ModelWeight[] {
  return trainableWeights(buildModel("mobilenet-v1", { size: 32, classes: 3, seed, width: 0.25 }));
}

describe("Muon", () => {
  it("turns a kernel by the learning rate and leaves its length, whatever the gradient's", () => {
    const weights = weightsOf(1);
    const kernels = weights.filter((weight) => weight.read().shape[3] !== 1 && weight.read().rank === 4);
    const before = kernels.map((weight) => tf.clone(weight.read()));
    follow(new Muon(engine, weights, 0), weights, [1]);
    expect(kernels.length).toBeGreaterThan(5);
    for (const [index, weight] of kernels.entries()) {
      const old = before[index] as tf.Tensor;
      const length = tf.norm(old).dataSync()[0] ?? 0;
      expect((tf.norm(weight.read()).dataSync()[0] ?? 0) / length).toBeCloseTo(1, 4);
      const way = tf.norm(tf.sub(weight.read(), old)).dataSync()[0] ?? 0;
      expect(way / length).toBeGreaterThan(0.9 * rate);
      expect(way / length).toBeLessThan(1.1 * rate);
    }
  });

  it("moves depthwise kernels, norms and the classifier as Adam does", () => {
    const weights = weightsOf(1);
    const others = weights.filter((weight) => weight.read().rank !== 4 || weight.read().shape[3] === 1);
    const before = others.map((weight) => floats(weight.read()));
    follow(new Muon(engine, weights, 0), weights, [1]);
    // the first step of Adam is the rate, whatever the gradient
    for (const [index, weight] of others.entries()) {
      const change = Math.abs((floats(weight.read())[0] ?? 0) - (before[index]?.[0] ?? 0));
      expect(change).toBeCloseTo(rate / 15, 5);
    }
  });

  it("goes on from what it saved as if it had not stopped", () => {
    const [whole, first, second] = [weightsOf(2), weightsOf(2), weightsOf(2)];
    follow(new Muon(engine, whole, 0.1), whole, [1, 2]);
    const stopped = new Muon(engine, first, 0.1);
    follow(stopped, first, [1]);
    follow(new Muon(engine, second, 0.1), second, [1]);
    const resumed = new Muon(engine, second, 0.1);
    resumed.restore(stopped.save());
    follow(resumed, second, [2]);
    for (const [index, weight] of whole.entries()) {
      expect(floats((second[index] as ModelWeight).read())).toEqual(floats(weight.read()));
    }
  });

  it("refuses what another optimiser saved, and keeps no tensor when it is done", () => {
    const weights = weightsOf(3);
    const before = tf.memory().numTensors;
    const optimizer = new Muon(engine, weights, 0);
    const state = optimizer.save();
    expect(() => optimizer.restore({ ...state, first: state.second })).toThrow(/another model or optimiser/);
    follow(optimizer, weights, [1, 2]);
    optimizer.restore(optimizer.save());
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
