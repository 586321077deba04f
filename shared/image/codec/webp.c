/* WebP by libwebp: lossy and lossless, with its own scaling; no animations. */
#include <string.h>

#include "codec.h"
#include "webp/decode.h"

enum { RIFF_HEADER_BYTES = 12 };

static void check(struct job *job, VP8StatusCode status) {
  if (status == VP8_STATUS_OK) return;
  job->report->library_code = (uint32_t)status;
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      fail(FAIL_MEMORY);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      fail(FAIL_UNSUPPORTED);
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      fail(FAIL_TRUNCATED);
    default:
      fail(FAIL_CORRUPT);
  }
}

/* The EXIF and ICCP chunks of the extended format. */
static void read_chunks(struct report *report, const uint8_t *bytes, size_t length) {
  size_t at = RIFF_HEADER_BYTES;
  while (length - at >= 8) {
    const uint8_t *chunk = bytes + at, *body = chunk + 8;
    size_t size = chunk[4] | (size_t)chunk[5] << 8 | (size_t)chunk[6] << 16 | (size_t)chunk[7] << 24;
    if (size > length - at - 8) return;
    if (memcmp(chunk, "EXIF", 4) == 0) report->orientation = exif_orientation(body, size);
    if (memcmp(chunk, "ICCP", 4) == 0) report->display_p3 = icc_is_display_p3(body, size);
    size_t padded = 8 + size + (size & 1);
    if (padded > length - at) return;
    at += padded;
  }
}

void decode_webp(struct job *job, const uint8_t *bytes, size_t length) {
  static WebPDecoderConfig config;
  struct report *report = job->report;
  if (!WebPInitDecoderConfig(&config)) fail(FAIL_CORRUPT);
  check(job, WebPGetFeatures(bytes, length, &config.input));
  report->width = (uint32_t)config.input.width;
  report->height = (uint32_t)config.input.height;
  if (config.input.has_animation) fail(FAIL_UNSUPPORTED);
  check_size(report, MAX_WEBP_PIXELS);
  read_chunks(report, bytes, length);

  struct placement placement = place(&job->request, report);
  int factor = shrink_factor(&placement, job->request.filter);
  int width = (config.input.width + factor - 1) / factor, height = (config.input.height + factor - 1) / factor;
  size_t stride = 4 * (size_t)width;
  config.options.use_scaling = factor > 1;
  config.options.scaled_width = width;
  config.options.scaled_height = height;
  config.output.colorspace = MODE_RGBA;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = allocate(stride * (size_t)height);
  config.output.u.RGBA.stride = (int)stride;
  config.output.u.RGBA.size = stride * (size_t)height;
  check(job, WebPDecode(bytes, length, &config));

  uint8_t background[3];
  source_background(job, background);
  if (config.input.has_alpha) flatten(config.output.u.RGBA.rgba, (size_t)width * (size_t)height, background);
  static struct painter painter;
  painter_open(&painter, job, width, height, (double)width / config.input.width, (double)height / config.input.height);
  for (int y = 0; y < height; y++) painter_push(&painter, config.output.u.RGBA.rgba + stride * (size_t)y);
  painter_close(&painter);
}
