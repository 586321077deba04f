import ExifReader from "exifreader";

/** What a file says of its image beside the pixels. */
export interface ImageMetadata {
  /** Four inks, as made for print. */
  readonly isCmyk: boolean;
  /** Description of the ICC profile. */
  readonly colourProfile: string | null;
  /** Maker and model. */
  readonly camera: string | null;
  /** Milliseconds since 1970 by the camera's clock. */
  readonly takenAt: number | null;
  /** Whether it says where it was taken. */
  readonly hasPosition: boolean;
}

const noMetadata: ImageMetadata = {
  isCmyk: false,
  colourProfile: null,
  camera: null,
  takenAt: null,
  hasPosition: false,
};

/** Reads EXIF and colour profile of an encoded image. A file may be sound and its metadata broken: then it tells nothing. */
export function readImageMetadata(bytes: Uint8Array): ImageMetadata {
  try {
    const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    // oxlint-disable-next-line import/no-named-as-default-member -- only the package's types have named exports
    const { file: frame, icc, exif, gps } = ExifReader.load(file, { expanded: true });
    const camera = [exif?.Make?.description, exif?.Model?.description].filter(Boolean).join(" ").trim();
    return {
      isCmyk: Number(frame?.["Color Components"]?.value) === 4,
      colourProfile: icc?.["ICC Description"]?.description ?? null,
      camera: camera === "" ? null : camera,
      takenAt: parseTime(exif?.DateTimeOriginal?.description),
      hasPosition: gps?.Latitude !== undefined,
    };
  } catch {
    return noMetadata;
  }
}

/** EXIF writes `2026:01:31 23:59:59`. @returns `null` for anything else, such as the zeros of an unset clock */
function parseTime(text: string | undefined): number | null {
  const parts = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)/
    .exec(text ?? "")
    ?.slice(1)
    .map(Number);
  const [year = 0, month = 0, ...rest] = parts ?? [];
  return year === 0 || month === 0 ? null : Date.UTC(year, month - 1, ...rest);
}
