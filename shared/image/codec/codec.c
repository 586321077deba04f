/* The exported functions of codec.wasm. */
#include "codec.h"

#include <stdlib.h>
#include <string.h>

#include "host.h"

static struct report report;

void fail(enum failure failure) {
  report.arena_bytes = (uint32_t)arena_bytes();
  host_fail((int)failure);
}

void *allocate(size_t bytes) {
  void *memory = malloc(bytes);
  if (!memory) fail(FAIL_MEMORY);
  return memory;
}

void check_size(const struct report *found, uint32_t max_pixels) {
  if (found->width == 0 || found->height == 0) fail(FAIL_CORRUPT);
  if (found->width > MAX_SIDE || found->height > MAX_SIDE) fail(FAIL_SIDE);
  if ((uint64_t)found->width * found->height > max_pixels) fail(FAIL_PIXELS);
}

void source_background(const struct job *job, uint8_t background[3]) {
  if (job->report->display_p3) {
    p3_background(job->request.background, background);
  } else {
    memcpy(background, job->request.background, 3);
  }
}

void flatten(uint8_t *rgba, size_t pixels, const uint8_t background[3]) {
  for (uint8_t *end = rgba + 4 * pixels; rgba < end; rgba += 4) {
    unsigned alpha = rgba[3];
    if (alpha == 255) continue;
    for (int channel = 0; channel < 3; channel++) {
      unsigned sum = rgba[channel] * alpha + background[channel] * (255 - alpha);
      rgba[channel] = (uint8_t)((sum + 127) / 255);
    }
  }
}

/* Starts a call: forgets everything, gives room for the body. */
EXPORT(begin)
uint8_t *begin(uint32_t length) {
  arena_reset();
  memset(&report, 0, sizeof report);
  return allocate(length);
}

/* Where the report of the last call lies. */
EXPORT(report)
struct report *get_report(void) {
  return &report;
}

/* Decodes the body that lies where begin() said; returns the RGB pixels. */
EXPORT(decode)
uint8_t *decode(uint8_t *bytes, uint32_t length, int width, int height, int fit, double crop_fraction, int filter,
                uint32_t background, int denoise) {
  struct job job = {
      .request = {.width = width,
                  .height = height,
                  .fit = (enum fit)fit,
                  .crop_fraction = crop_fraction,
                  .filter = (enum filter)filter,
                  .background = {(uint8_t)(background >> 16), (uint8_t)(background >> 8), (uint8_t)background},
                  .denoise = (enum denoise)denoise},
      .report = &report};
  bool valid = width >= 1 && width <= MAX_TARGET_SIDE && height >= 1 && height <= MAX_TARGET_SIDE && fit >= 0 &&
               fit <= FIT_LETTERBOX && crop_fraction > 0 && crop_fraction <= 1 && filter >= 0 &&
               filter <= FILTER_BILINEAR && denoise >= 0 && denoise <= DENOISE_MEDIAN3;
  if (!valid) fail(FAIL_ARGUMENT);
  report.orientation = 1;
  job.pixels = allocate((size_t)width * (size_t)height * 3);
  for (size_t pixel = 0; pixel < (size_t)width * (size_t)height; pixel++) {
    memcpy(job.pixels + 3 * pixel, job.request.background, 3);
  }

  if (length > 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0) {
    report.format = FORMAT_JPEG;
    decode_jpeg(&job, bytes, length);
  } else if (length > 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0) {
    report.format = FORMAT_PNG;
    decode_png(&job, bytes, length);
  } else if (length > 16 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0) {
    report.format = FORMAT_WEBP;
    decode_webp(&job, bytes, length);
  } else {
    fail(FAIL_CORRUPT);
  }
  report.arena_bytes = (uint32_t)arena_bytes();
  return job.pixels;
}
