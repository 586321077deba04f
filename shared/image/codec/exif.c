/* The EXIF orientation: TIFF tag 274 of the first directory (TIFF 6.0, section 2). */
#include <string.h>

#include "codec.h"

struct reader {
  const uint8_t *bytes;
  size_t length;
  bool little;
};

/* 0 past the end. */
static uint32_t read(const struct reader *reader, size_t at, int size) {
  if (at > reader->length || reader->length - at < (size_t)size) return 0;
  uint32_t value = 0;
  for (int index = 0; index < size; index++) {
    uint32_t byte = reader->bytes[at + (size_t)index];
    value |= byte << (8 * (reader->little ? index : size - 1 - index));
  }
  return value;
}

uint32_t exif_orientation(const uint8_t *bytes, size_t length) {
  if (length >= 6 && memcmp(bytes, "Exif\0\0", 6) == 0) {
    bytes += 6;
    length -= 6;
  }
  if (length < 14) return 1;
  struct reader reader = {.bytes = bytes, .length = length, .little = bytes[0] == 'I'};
  if (memcmp(bytes, "II", 2) != 0 && memcmp(bytes, "MM", 2) != 0) return 1;
  if (read(&reader, 2, 2) != 42) return 1;
  size_t directory = read(&reader, 4, 4);
  if (directory < 8 || directory > length) return 1;
  uint32_t entries = read(&reader, directory, 2);
  for (uint32_t entry = 0; entry < entries; entry++) {
    size_t at = directory + 2 + 12 * (size_t)entry;
    if (at + 12 > length) break;
    if (read(&reader, at, 2) != 274) continue;
    uint32_t type = read(&reader, at + 2, 2);
    uint32_t orientation = type == 4 ? read(&reader, at + 8, 4) : read(&reader, at + 8, 2);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
  return 1;
}
