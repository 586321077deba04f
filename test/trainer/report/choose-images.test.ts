import { describe, expect, it } from "vitest";
import { evaluateOutputs } from "../../../trainer/evaluation/evaluate-outputs.ts";
import type { Evaluation } from "../../../trainer/evaluation/evaluation-record.ts";
import { type Answer, chooseImages } from "../../../trainer/report/choose-images.ts";
import { confusionCells } from "../../../trainer/report/confusion-cells.ts";
import { createRandom } from "../release/random.ts";

const limits = { mistakes: 40, aCell: 10, hardest: 8, all: 100 };

/** Answers of a large test: every twentieth is wrong, of many classes in many ways. */
function answersOf(images: number, classes = 3): Answer[] {
  const random = createRandom(1);
  return Array.from({ length: images }, (_, i) => {
    const actual = i % classes;
    const wrong = i % 20 === 7;
    const distance = 1 + (classes > 3 ? i % (classes - 1) : Number(i % 100 === 7));
    const predicted = wrong ? (actual + distance) % classes : actual;
    const probability = 0.4 + 0.6 * random.uniform();
    const actualProbability = wrong ? 1 - probability : probability;
    return {
      path: `${i}.jpg`,
      actual,
      predicted,
      probability,
      actualProbability,
      cell: `${actual},${predicted}`,
    };
  });
}

function ofCells(answers: readonly Answer[], rows: readonly number[]): Record<string, Answer[]> {
  return Object.fromEntries(
    Map.groupBy(
      rows.flatMap((row) => answers[row] ?? []),
      ({ cell }) => cell,
    ),
  );
}

/** The evaluation of such answers. */
function evaluate(classes: number): Evaluation {
  const answers = answersOf(4000, classes);
  const probabilities = new Float32Array(4000 * classes);
  for (const [i, { predicted }] of answers.entries()) probabilities[i * classes + predicted] = 1;
  return evaluateOutputs({
    probabilities,
    actual: Int32Array.from(answers, ({ actual }) => actual),
    labels: Array.from({ length: classes }, (_, c) => `class ${c}`),
    temperature: 1,
    thresholds: Array<number>(classes).fill(0),
  });
}

describe("chooseImages", () => {
  const answers = answersOf(5205);
  const rows = [...answers.keys()];
  const { shown, hardest } = chooseImages(answers, limits);

  it("shows the surest mistakes of every cell, from the whole test, before anything else", () => {
    const all = ofCells(
      answers,
      rows.filter((row) => answers[row]?.actual !== answers[row]?.predicted),
    );
    const first = ofCells(answers, shown.slice(0, limits.mistakes));
    expect(Object.keys(first).toSorted()).toEqual(Object.keys(all).toSorted());
    for (const [cell, members] of Object.entries(all)) {
      const surest = members.toSorted((a, b) => b.probability - a.probability);
      const taken = first[cell] ?? [];
      expect(taken.length).toBeGreaterThanOrEqual(6);
      expect(taken).toEqual(surest.slice(0, taken.length));
    }
  });

  it("takes the hardest images of the whole test", () => {
    const least = rows
      .toSorted((a, b) => (answers[a]?.actualProbability ?? 0) - (answers[b]?.actualProbability ?? 0))
      .slice(0, limits.hardest);
    expect(hardest).toEqual(least);
    for (const row of least) expect(shown).toContain(row);
  });

  it("shows right answers of every class, from all over the test, and no image twice", () => {
    expect(new Set(shown).size).toBe(shown.length);
    expect(shown.length).toBeLessThanOrEqual(limits.all);
    const cells = ofCells(answers, shown);
    for (const cell of ["0,0", "1,1", "2,2"]) {
      const numbers = (cells[cell] ?? []).map(({ path }) => Number.parseInt(path, 10));
      expect(numbers).toHaveLength(limits.aCell);
      expect(Math.max(...numbers) - Math.min(...numbers)).toBeGreaterThan(4000);
    }
  });

  it("keeps the limit where mistakes alone would exceed it", () => {
    const wrong = answers.map((answer) => ({
      ...answer,
      cell: answer.path,
      predicted: answer.actual + 1,
    }));
    expect(chooseImages(wrong, limits).shown.length).toBeLessThanOrEqual(limits.mistakes + limits.hardest);
  });
});

describe("confusionCells", () => {
  it("gives few classes a cell for every pair", () => {
    const { kind, own, rest, keyOf } = confusionCells(evaluate(3));
    expect([kind, own.length, rest.length]).toEqual(["matrix", 9, 0]);
    expect(keyOf(2, 1)).toBe("2,1");
  });

  it("of many classes opens the largest confusions, the other mistakes and the right answers, nothing left out", () => {
    const evaluation = evaluate(37);
    const { kind, own, rest, keyOf } = confusionCells(evaluation);
    expect([kind, own.length]).toEqual(["pairs", 60]);
    expect(rest.map(({ key, images }) => [key, images > 0])).toEqual([
      ["other", true],
      ["right", true],
    ]);
    const counted = new Map([
      ...own.map(([a, p, images]) => [`${a},${p}`, images] as const),
      ...rest.map(({ key, images }) => [key, images] as const),
    ]);
    const found = new Map<string, number>();
    for (const [a, p, images] of evaluation.confusions) {
      found.set(keyOf(a, p), (found.get(keyOf(a, p)) ?? 0) + images);
    }
    for (const [key, images] of counted) expect(found.get(key) ?? 0).toBe(images);
    expect([...found.values()].reduce((sum, images) => sum + images, 0)).toBe(4000);
  });
});
