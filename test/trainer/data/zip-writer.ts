import { crc32, deflateRawSync } from "node:zlib";

/** One entry of a zip; the odd fields lie, for tests of those who are lied to. */
export interface ZipEntry {
  readonly name: string;
  readonly content: Uint8Array;
  /** What the directory says of the unpacked size. @default the truth */
  readonly declaredBytes?: number;
  /** Unix mode with type bits. @default 0o100644 */
  readonly mode?: number;
  /** @default false */
  readonly isEncrypted?: boolean;
  /** Compression method written into the headers. @default 8, deflate */
  readonly method?: number;
}

/** A zip file of entries as a Unix program writes it (APPNOTE.TXT 4.3). */
export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const packed = deflateRawSync(entry.content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    writeCommon(local, 4, entry, name, packed);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE((3 << 8) | 20, 4);
    writeCommon(central, 6, entry, name, packed);
    central.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38);
    central.writeUInt32LE(offset, 42);
    directory.push(central, name);
    locals.push(local, name, packed);
    offset += local.length + name.length + packed.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, central, end]);
}

/** The fields that the local and the central header share, from `version needed` on. */
function writeCommon(header: Buffer, start: number, entry: ZipEntry, name: Buffer, packed: Buffer): void {
  header.writeUInt16LE(20, start);
  header.writeUInt16LE(0x800 | (entry.isEncrypted === true ? 1 : 0), start + 2);
  header.writeUInt16LE(entry.method ?? 8, start + 4);
  header.writeUInt32LE(crc32(entry.content), start + 10);
  header.writeUInt32LE(packed.length, start + 14);
  header.writeUInt32LE(entry.declaredBytes ?? entry.content.length, start + 18);
  header.writeUInt16LE(name.length, start + 22);
}
