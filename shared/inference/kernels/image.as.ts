// The model's input: pixels of the codec or normalised values, laid out with the zeros that the first windows want.

/** One input image, as the plan writes it; addresses and distances in bytes. */
@unmanaged
export class Image {
  operation: i32;
  /** `[rows, columns, 3]`, bytes or float32, without gaps. */
  source: usize;
  /** The first pixel inside the padding: 3 values a pixel, without gaps within a row. */
  target: usize;
  rows: i32;
  columns: i32;
  targetRow: usize;
  /** Three tables of 256 values, what each byte means in its channel, or 0 for float32. */
  tables: usize;
}

/** Copies an image between its borders, bytes by way of their tables. */
export function image(i: Image): void {
  const values = i.columns * 3;
  let source = i.source;
  for (let y = 0; y < i.rows; y++) {
    const target = i.target + <usize>y * i.targetRow;
    if (i.tables == 0) {
      memory.copy(target, source, (<usize>values) << 2);
      source += (<usize>values) << 2;
    } else {
      normalizeRow(source, target, i.columns, i.tables);
      source += <usize>values;
    }
  }
}

function normalizeRow(source: usize, target: usize, columns: i32, tables: usize): void {
  for (let x = columns; x > 0; x--) {
    store<f32>(target, load<f32>(tables + ((<usize>load<u8>(source)) << 2)));
    store<f32>(target, load<f32>(tables + ((<usize>load<u8>(source, 1)) << 2), 1024), 4);
    store<f32>(target, load<f32>(tables + ((<usize>load<u8>(source, 2)) << 2), 2048), 8);
    source += 3;
    target += 12;
  }
}

/** The zeros around an image, as the plan writes them: the memory held another tensor before. */
@unmanaged
export class Border {
  operation: i32;
  /** The first byte of the padded image. */
  target: usize;
  /** Bytes above the first inner row, of each padded row, of the zeros left and right in it, below the last. */
  top: usize;
  row: usize;
  left: usize;
  right: usize;
  bottom: usize;
  /** Inner rows. */
  rows: i32;
}

/** Writes zeros around an image. */
export function border(b: Border): void {
  memory.fill(b.target, 0, b.top);
  let row = b.target + b.top;
  for (let y = b.rows; y > 0; y--) {
    zero(row, b.left);
    zero(row + b.row - b.right, b.right);
    row += b.row;
  }
  memory.fill(row, 0, b.bottom);
}

/** Runs are too short for the call that `memory.fill` is. */
function zero(target: usize, bytes: usize): void {
  for (let end = target + bytes; target < end; target += 4) store<i32>(target, 0);
}
