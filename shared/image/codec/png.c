/* PNG by libspng: every bit depth and colour type, interlaced too; of an APNG the default image. */
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "spng.h"
#include "zlib.h"

enum {
  SIGNATURE_BYTES = 8,
  CHUNK_FRAME_BYTES = 12, /* length, type, checksum */
  MAX_PROFILE_BYTES = 16 << 10,
};

static uint32_t big32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void check(struct job *job, int status) {
  if (status == 0) return;
  job->report->library_code = (uint32_t)status;
  if (status == SPNG_EMEM) fail(FAIL_MEMORY);
  fail(status == SPNG_IO_EOF || status == SPNG_EIDAT_TOO_SHORT ? FAIL_TRUNCATED : FAIL_CORRUPT);
}

/* Whether an iCCP chunk (name, 0, method 0, zlib stream) holds Display P3. A longer profile is another one. */
static bool holds_display_p3(const uint8_t *body, size_t size) {
  const uint8_t *end_of_name = memchr(body, 0, size);
  if (!end_of_name || (size_t)(end_of_name - body) + 2 > size) return false;
  const uint8_t *compressed = end_of_name + 2;
  z_stream stream = {.next_in = compressed, .avail_in = (unsigned)(body + size - compressed)};
  uint8_t *profile = allocate(MAX_PROFILE_BYTES);
  stream.next_out = profile;
  stream.avail_out = MAX_PROFILE_BYTES;
  if (inflateInit(&stream) != Z_OK) fail(FAIL_MEMORY);
  int status = inflate(&stream, Z_FINISH);
  bool found = status == Z_STREAM_END && icc_is_display_p3(profile, stream.total_out);
  inflateEnd(&stream);
  free(profile);
  return found;
}

/*
 * Takes the orientation and the profile out of their chunks, then all chunks but those that make pixels: nothing else
 * is to be allocated, inflated or stumbled over. Returns the new length.
 */
static size_t take_metadata(struct report *report, uint8_t *bytes, size_t length) {
  size_t read = SIGNATURE_BYTES, written = SIGNATURE_BYTES;
  bool has_profile = false;
  while (length - read >= CHUNK_FRAME_BYTES) {
    const uint8_t *type = bytes + read + 4, *body = bytes + read + 8;
    size_t size = big32(bytes + read);
    bool critical = (type[0] & 0x20) == 0;
    if (size > length - read - CHUNK_FRAME_BYTES) { /* cut short */
      if (critical) fail(FAIL_TRUNCATED);
      break;
    }
    if (memcmp(type, "eXIf", 4) == 0) report->orientation = exif_orientation(body, size);
    if (memcmp(type, "iCCP", 4) == 0 && !has_profile) { /* one may be there; inflating thousands would take seconds */
      has_profile = true;
      report->display_p3 = holds_display_p3(body, size);
    }
    bool ended = memcmp(type, "IEND", 4) == 0;
    size_t whole = CHUNK_FRAME_BYTES + size;
    if (critical || memcmp(type, "tRNS", 4) == 0) {
      if (written != read) memmove(bytes + written, bytes + read, whole);
      written += whole;
    }
    read += whole;
    if (ended) return written;
  }
  memmove(bytes + written, bytes + read, length - read);
  return written + length - read;
}

/* An interlaced image comes in seven passes, so it is held whole. */
static void read_interlaced(struct job *job, spng_ctx *png, struct painter *painter, const uint8_t background[3]) {
  size_t width = job->report->width, height = job->report->height, stride = 4 * width;
  uint8_t *pixels = allocate(stride * height);
  struct spng_row_info row;
  int status;
  while ((status = spng_get_row_info(png, &row)) == 0) {
    status = spng_decode_row(png, pixels + stride * row.row_num, stride);
    if (status != 0) break;
  }
  if (status != SPNG_EOI) check(job, status);
  flatten(pixels, width * height, background);
  for (size_t y = 0; y < height; y++) painter_push(painter, pixels + stride * y);
}

static void read_rows(struct job *job, spng_ctx *png, struct painter *painter, const uint8_t background[3]) {
  size_t width = job->report->width, height = job->report->height, stride = 4 * width;
  uint8_t *row = allocate(stride);
  for (size_t y = 0; y < height; y++) {
    int status = spng_decode_row(png, row, stride);
    if (status != SPNG_EOI) check(job, status);
    flatten(row, width, background);
    painter_push(painter, row);
  }
}

void decode_png(struct job *job, uint8_t *bytes, size_t length) {
  static struct painter painter;
  struct report *report = job->report;
  if (length < 33 || memcmp(bytes + 12, "IHDR", 4) != 0) fail(length < 33 ? FAIL_TRUNCATED : FAIL_CORRUPT);
  report->width = big32(bytes + 16);
  report->height = big32(bytes + 20);
  check_size(report, MAX_PNG_PIXELS);
  length = take_metadata(report, bytes, length);

  spng_ctx *png = spng_ctx_new(0);
  if (!png) fail(FAIL_MEMORY);
  check(job, spng_set_png_buffer(png, bytes, length));
  struct spng_ihdr header;
  check(job, spng_get_ihdr(png, &header));
  check(job, spng_decode_image(png, NULL, 0, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS | SPNG_DECODE_PROGRESSIVE));
  uint8_t background[3];
  source_background(job, background);
  painter_open(&painter, job, (int)header.width, (int)header.height, 1, 1);
  if (header.interlace_method) {
    read_interlaced(job, png, &painter, background);
  } else {
    read_rows(job, png, &painter, background);
  }
  painter_close(&painter);
}
