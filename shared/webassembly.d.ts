// The WebAssembly API as shared and trainer code uses it; neither Node's types nor the es library declare it.
// oxlint-disable typescript/no-extraneous-class -- these declare the platform's own classes

declare namespace WebAssembly {
  type ImportValue = Memory | Table | Global | ((...values: never[]) => unknown);
  type Imports = Record<string, Record<string, ImportValue>>;
  class Module {
    private constructor();
  }
  class Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Table {
    private constructor();
  }
  class Global {
    value: number;
  }
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Record<string, unknown>;
  }
  class RuntimeError extends Error {}
}
