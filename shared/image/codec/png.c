/* PNG by libspng: every bit depth and colour type, interlaced too; of an APNG the default image. */
#include <string.h>

#include "codec.h"
#include "spng.h"

enum { SIGNATURE_BYTES = 8, MAX_CHUNK_BYTES = 1 << 20, MAX_CHUNK_CACHE_BYTES = 4 << 20 };

static void check(struct job *job, int status) {
  if (status == 0) return;
  job->report->library_code = (uint32_t)status;
  if (status == SPNG_EMEM) fail(FAIL_MEMORY);
  fail(status == SPNG_IO_EOF || status == SPNG_EIDAT_TOO_SHORT ? FAIL_TRUNCATED : FAIL_CORRUPT);
}

/* The orientation in the eXIf chunk, which may lie behind the pixels. */
static uint32_t find_orientation(const uint8_t *bytes, size_t length) {
  size_t at = SIGNATURE_BYTES;
  while (length - at >= 12) {
    const uint8_t *chunk = bytes + at;
    size_t size = (size_t)chunk[0] << 24 | (size_t)chunk[1] << 16 | (size_t)chunk[2] << 8 | chunk[3];
    if (size > length - at - 12) return 1;
    if (memcmp(chunk + 4, "eXIf", 4) == 0) return exif_orientation(chunk + 8, size);
    at += 12 + size;
  }
  return 1;
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

void decode_png(struct job *job, const uint8_t *bytes, size_t length) {
  struct report *report = job->report;
  spng_ctx *png = spng_ctx_new(0);
  if (!png) fail(FAIL_MEMORY);
  spng_set_chunk_limits(png, MAX_CHUNK_BYTES, MAX_CHUNK_CACHE_BYTES);
  check(job, spng_set_png_buffer(png, bytes, length));
  struct spng_ihdr header;
  check(job, spng_get_ihdr(png, &header));
  report->width = header.width;
  report->height = header.height;
  check_size(report, MAX_PNG_PIXELS);
  report->orientation = find_orientation(bytes, length);
  check(job, spng_decode_image(png, NULL, 0, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS | SPNG_DECODE_PROGRESSIVE));
  struct spng_iccp profile;
  if (spng_get_iccp(png, &profile) == 0) {
    report->display_p3 = icc_is_display_p3((const uint8_t *)profile.profile, profile.profile_len);
  }
  uint8_t background[3];
  source_background(job, background);

  static struct painter painter;
  painter_open(&painter, job, (int)header.width, (int)header.height, 1, 1);
  if (header.interlace_method) {
    read_interlaced(job, png, &painter, background);
  } else {
    read_rows(job, png, &painter, background);
  }
  painter_close(&painter);
}
