import { beforeAll, describe, expect, it } from "vitest";
import readme from "../../../README.md?raw";
import { type Described, readDescription } from "./described-answers.ts";
import { openEdge } from "./open-edge.ts";

/** One way in which the README's table names operations, e.g. `GET …/aliases/{alias}`. */
interface Named {
  readonly text: string;
  readonly scope: string;
}

const named: readonly Named[] = tableRows(readme).flatMap(([operations = "", scope = ""]) =>
  [...operations.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => ({ text, scope })),
);

/** The rows of the table of operations, cell by cell. */
function tableRows(text: string): string[][] {
  const lines = text.split("\n");
  const head = lines.findIndex((line) => /^\| operation +\| scope /.test(line));
  const rest = lines.slice(head + 2);
  const rows = rest.slice(
    0,
    rest.findIndex((line) => !line.startsWith("|")),
  );
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** `[a]` may be there or not, `*` is anything, `…` what other rows begin with, `{name}` a name; any method where none is told. */
function patternOf(text: string): RegExp {
  const [path = "", method = "[A-Z]+"] = text.split(" ").toReversed();
  const pattern = path
    .replaceAll(".", "\\.")
    .replaceAll("*", ".+")
    .replaceAll("…", ".+")
    .replaceAll(/\{\w+\}/g, "{\\w+}")
    .replaceAll("[", "(?:")
    .replaceAll("]", ")?");
  return new RegExp(`^${method} ${pattern}$`);
}

function isNamedBy({ method, path, "x-scope": scope = "none" }: Described, name: Named): boolean {
  return name.scope === scope && patternOf(name.text).test(`${method} ${path}`);
}

describe("the README's table of operations", () => {
  let operations: readonly Described[];

  beforeAll(async () => {
    operations = (await readDescription(openEdge())).operations;
  });

  it.each(named)("tells of $text for the scope $scope, which is there", (name) => {
    expect(operations.some((operation) => isNamedBy(operation, name))).toBe(true);
  });

  it("leaves out no operation, each of which the tests beside this one ask", () => {
    const missing = operations.filter((operation) => !named.some((name) => isNamedBy(operation, name)));

    expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    expect(named.length).toBeGreaterThan(20);
  });
});
