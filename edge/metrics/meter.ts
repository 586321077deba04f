/** Labels of a series; their values must come from a small set, since every one is kept. */
export type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly kind: "counter" | "histogram";
  readonly help: string;
  /** By labels as text. */
  readonly series: Map<string, { count: number; sum: number; readonly buckets: number[] }>;
}

/** Upper bounds of the buckets of durations, in seconds. */
const bounds = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** Counts what happens in one isolate, for `GET /metrics` in the text format of Prometheus, version 0.0.4. */
export class Meter {
  readonly #families = new Map<string, Family>();

  /** Adds to a counter. @param name ends in `_total` */
  count(name: string, help: string, labels: Labels, by = 1): void {
    this.#series(name, help, "counter", labels).count += by;
  }

  /** Adds a duration to a histogram. @param name ends in `_seconds` */
  observe(name: string, help: string, labels: Labels, seconds: number): void {
    const series = this.#series(name, help, "histogram", labels);
    series.count++;
    series.sum += seconds;
    for (const [i, bound] of bounds.entries())
      if (seconds <= bound) series.buckets[i] = (series.buckets[i] ?? 0) + 1;
  }

  /** Everything that was counted. @param gauges what stands at a value now, by name */
  text(
    gauges: readonly {
      readonly name: string;
      readonly help: string;
      readonly labels: Labels;
      readonly value: number;
    }[],
  ): string {
    const lines: string[] = [];
    for (const { name, help, labels, value } of gauges) {
      lines.push(
        `# HELP ${name} ${help}`,
        `# TYPE ${name} gauge`,
        `${name}${braced(describe(labels))} ${value}`,
      );
    }
    for (const [name, { kind, help, series }] of this.#families) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`);
      for (const [labels, { count, sum, buckets }] of series) {
        if (kind === "counter") lines.push(`${name}${braced(labels)} ${count}`);
        else lines.push(...histogram(name, labels, count, sum, buckets));
      }
    }
    return `${lines.join("\n")}\n`;
  }

  #series(name: string, help: string, kind: Family["kind"], labels: Labels) {
    const family: Family = this.#families.get(name) ?? { kind, help, series: new Map() };
    this.#families.set(name, family);
    const key = describe(labels);
    const series = family.series.get(key) ?? { count: 0, sum: 0, buckets: bounds.map(() => 0) };
    family.series.set(key, series);
    return series;
  }
}

function histogram(
  name: string,
  labels: string,
  count: number,
  sum: number,
  buckets: readonly number[],
): string[] {
  const withBound = (bound: string): string => braced([labels, `le="${bound}"`].filter(Boolean).join(","));
  return [
    ...bounds.map((bound, i) => `${name}_bucket${withBound(String(bound))} ${buckets[i] ?? 0}`),
    `${name}_bucket${withBound("+Inf")} ${count}`,
    `${name}_sum${braced(labels)} ${sum}`,
    `${name}_count${braced(labels)} ${count}`,
  ];
}

function describe(labels: Labels): string {
  return Object.entries(labels)
    .map(
      ([name, value]) =>
        `${name}="${value.replaceAll(/["\\\n]/g, (mark) => (mark === "\n" ? "\\n" : `\\${mark}`))}"`,
    )
    .join(",");
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}
