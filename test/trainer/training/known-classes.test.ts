import { describe, expect, it } from "vitest";
import { type EmbeddedImages, featureRows, scoreRows } from "../../../trainer/training/fit-rows.ts";
import { fitHead } from "../../../trainer/training/head.ts";
import { type KnownClassifier, openKnownClasses } from "../../../trainer/training/known-classes.ts";
import { stream } from "../../../trainer/training/random.ts";
import { fitSoftmaxRegression, linearLogits } from "../../../trainer/training/softmax-regression.ts";

const size = 96;
const knownCount = 20;
/** Of the known classes, the two that the images are of. */
const shown = [3, 11] as const;

function gaussian(name: string): () => number {
  const random = stream(1, name);
  return () => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}

/** Knows a direction of the features, of about this length, for each of its classes. */
function classifier(name = "known", length = 4): KnownClassifier {
  const next = gaussian(name);
  const weights = Float32Array.from({ length: size * knownCount }, () => (next() * length) / Math.sqrt(size));
  return { weights, bias: new Float32Array(knownCount) };
}

/** Images of the two shown classes in turn, in much noise. */
function images(count: number, name: string, knows = classifier()): EmbeddedImages {
  const next = gaussian(name);
  const { weights } = classifier("known", 2);
  const labels = Int32Array.from({ length: count }, (_, index) => index % 2);
  const features = new Float32Array(count * size);
  labels.forEach((label, row) => {
    const column = shown[label] as number;
    for (let i = 0; i < size; i++) {
      features[row * size + i] = (weights[i * knownCount + column] as number) + next();
    }
  });
  return { views: [features], labels, size, classes: 2, known: openKnownClasses(knows, [features]) };
}

const indices = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const halves = (count: number) => [
  { train: indices(count).filter((i) => i % 4 < 2), validation: indices(count).filter((i) => i % 4 >= 2) },
  { train: indices(count).filter((i) => i % 4 >= 2), validation: indices(count).filter((i) => i % 4 < 2) },
];

function isDirected(knows: string): boolean {
  return fitHead(images(400, "some", classifier(knows)), indices(400), halves(400)).way.isDirected;
}

describe("a head that follows known classes", () => {
  const few = images(24, "few");
  const many = images(2000, "many");

  it("tells classes apart by few images that the features alone do not tell", () => {
    const accuracy = (known: EmbeddedImages["known"]): number => {
      const { classifier: head } = fitHead({ ...few, known }, indices(24), halves(24));
      return scoreRows(featureRows(many), head, indices(2000)).top1Accuracy;
    };
    expect(accuracy(few.known)).toBeGreaterThan(accuracy(undefined) + 0.05);
  });

  it("says whether it did, and does not where what is known says nothing of the images", () => {
    expect(isDirected("known")).toBe(true);
    expect(isDirected("something else")).toBe(false);
  });

  it("looks at the images that it may learn from alone", () => {
    const { labels } = few;
    const flipped = labels.map((label, index) => (index < 12 ? label : 1 - label));
    const first = few.known?.directions(indices(12), labels, 2);
    expect(few.known?.directions(indices(12), flipped, 2)).toEqual(first);
    expect(few.known?.directions(indices(24), flipped, 2)).not.toEqual(first);
  });

  it("gives the answers for features that it gives for their logits", () => {
    const { views, labels, known } = few;
    if (known === undefined) throw new Error("nothing is known");
    const rows = { features: known.views[0], labels, size: known.size, classes: 2 };
    const ofLogits = fitSoftmaxRegression(rows, 1, known.directions(indices(24), labels, 2));
    const expected = linearLogits(ofLogits, known.views[0]);
    linearLogits(known.fold(ofLogits), views[0]).forEach((logit, i) =>
      expect(logit).toBeCloseTo(expected[i] as number, 3),
    );
  });

  it("is not looked for where that would take minutes", () => {
    const { weights } = classifier();
    const view = new Float32Array(1e6 * size);
    expect(
      openKnownClasses({ weights, bias: new Float32Array(knownCount) }, [view, view, view]),
    ).toBeUndefined();
  });
});

describe("fitSoftmaxRegression along directions", () => {
  const { views, labels } = images(40, "rows");
  const rows = { features: views[0], labels, size, classes: 2 };
  const next = gaussian("directions");
  const values = Float64Array.from({ length: size * 2 }, next);

  it("does not depend on how long the directions are", () => {
    const { weights } = fitSoftmaxRegression(rows, 1, { count: 2, values });
    const longer = fitSoftmaxRegression(rows, 1, { count: 2, values: values.map((value) => 1000 * value) });
    weights.forEach((weight, i) => expect(longer.weights[i]).toBeCloseTo(weight, 3));
  });

  it("leaves nothing but the directions under a large penalty", () => {
    const { weights } = fitSoftmaxRegression(rows, 1e6, { count: 2, values });
    const [a, b] = [0, 1].map((j) => indices(size).map((i) => values[2 * i + j] as number));
    const own = indices(size).map((i) => weights[2 * i] as number);
    expect(distanceToPlane(own, a as number[], b as number[])).toBeLessThan(0.01 * Math.hypot(...own));
  });
});

/** Length of what is left of a vector without its parts along two others. */
function distanceToPlane(vector: number[], a: number[], b: number[]): number {
  return Math.hypot(...without(without(vector, a), without(b, a)));
}

function without(x: number[], y: number[]): number[] {
  return x.map((value, i) => value - (dot(x, y) / dot(y, y)) * (y[i] as number));
}

function dot(x: number[], y: number[]): number {
  return x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
}
