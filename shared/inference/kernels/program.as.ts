// A plan is a list of records in the heap; one call runs it. `shared/inference/plan` writes the records.
import { convolution, Convolution } from "./convolution.as";
import { depthwise, Depthwise } from "./depthwise.as";
import { integerConvolution, IntegerConvolution, integerDepthwise, IntegerDepthwise } from "./integer.as";
import { integerImage, IntegerImage, integerMean, IntegerMean } from "./integer-edges.as";
import { border, Border, image, Image } from "./image.as";
import { elementwise, Elementwise, pool, Pooling } from "./pooling.as";

export { packIntegerDepthwise, packIntegerPanel } from "./integer-edges.as";
export { allFinite, fillTable, packDepthwise, packPanel, packVector } from "./weights.as";

/** Bytes of a record, whichever operation it is. */
const RECORD: usize = 128;

/** Runs records from `record` on until one whose operation is 0. */
export function run(record: usize): void {
  for (; ; record += RECORD) {
    switch (load<i32>(record)) {
      case 1:
        convolution(changetype<Convolution>(record));
        break;
      case 2:
        depthwise(changetype<Depthwise>(record));
        break;
      case 3:
        pool(changetype<Pooling>(record));
        break;
      case 4:
        elementwise(changetype<Elementwise>(record));
        break;
      case 5:
        image(changetype<Image>(record));
        break;
      case 6:
        border(changetype<Border>(record));
        break;
      case 7:
        integerConvolution(changetype<IntegerConvolution>(record));
        break;
      case 8:
        integerDepthwise(changetype<IntegerDepthwise>(record));
        break;
      case 9:
        integerMean(changetype<IntegerMean>(record));
        break;
      case 10:
        integerImage(changetype<IntegerImage>(record));
        break;
      default:
        return;
    }
  }
}
