/*
 * Feeds files and mutations of them to the natively built codec, so that the sanitizers can watch.
 *
 *   driver MUTATIONS SEED FILE...
 *
 * Prints what became of them; a sanitizer's finding ends the process. After every file a known good one must give
 * the pixels it gave at first: nothing of a failed call is left.
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../codec.h"
#include "../host.h"

uint8_t *begin(uint32_t length);
uint8_t *decode(uint8_t *bytes, uint32_t length, int width, int height, int fit, double crop_fraction, int filter,
                uint32_t background, int denoise);

struct file {
  uint8_t *bytes;
  size_t length;
};

static jmp_buf failed;

_Noreturn void host_fail(int failure) { longjmp(failed, failure); }

static uint32_t random_state;

static uint32_t random_below(uint32_t end) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return (uint32_t)((uint64_t)random_state * end >> 32);
}

static struct file read_file(const char *name) {
  FILE *stream = fopen(name, "rb");
  if (!stream) {
    perror(name);
    exit(2);
  }
  fseek(stream, 0, SEEK_END);
  struct file file = {.length = (size_t)ftell(stream)};
  rewind(stream);
  file.bytes = malloc(file.length + 1);
  if (fread(file.bytes, 1, file.length, stream) != file.length) exit(2);
  fclose(stream);
  return file;
}

static uint64_t digest(const uint8_t *bytes, size_t length) {
  uint64_t hash = 14695981039346656037u; /* FNV-1a */
  for (size_t index = 0; index < length; index++) hash = (hash ^ bytes[index]) * 1099511628211u;
  return hash;
}

/* Decodes in one of a few ways; 0 and a digest of the pixels, or the failure. */
static int try_decode(const uint8_t *bytes, size_t length, unsigned way, uint64_t *pixels) {
  static const struct {
    int width, height, fit, filter, denoise;
    double crop_fraction;
  } ways[] = {{224, 224, FIT_COVER_CROP, FILTER_TRIANGLE, DENOISE_NONE, 0.875},
              {32, 24, FIT_STRETCH, FILTER_TRIANGLE, DENOISE_NONE, 1},
              {96, 64, FIT_LETTERBOX, FILTER_TRIANGLE, DENOISE_MEDIAN3, 1},
              {50, 70, FIT_LETTERBOX, FILTER_BILINEAR, DENOISE_NONE, 0.5},
              {8, 8, FIT_COVER_CROP, FILTER_TRIANGLE, DENOISE_MEDIAN3, 1},
              {1024, 8, FIT_STRETCH, FILTER_BILINEAR, DENOISE_NONE, 0.01}};
  way %= sizeof ways / sizeof *ways;
  int failure = setjmp(failed);
  if (failure) return failure;
  uint8_t *body = begin((uint32_t)length);
  memcpy(body, bytes, length);
  const uint8_t *rgb = decode(body, (uint32_t)length, ways[way].width, ways[way].height, ways[way].fit,
                              ways[way].crop_fraction, ways[way].filter, 0xff8000, ways[way].denoise);
  *pixels = digest(rgb, (size_t)ways[way].width * (size_t)ways[way].height * 3);
  return 0;
}

/* Overwrites a few bytes, more often near the start, and sometimes cuts the end off. */
static size_t mutate(uint8_t *bytes, size_t length) {
  if (length == 0) return 0;
  unsigned changes = 1 + random_below(8);
  for (unsigned change = 0; change < changes; change++) {
    uint32_t end = (uint32_t)(random_below(3) == 0 && length > 700 ? 700 : length);
    bytes[random_below(end)] = (uint8_t)random_below(256);
  }
  return random_below(4) == 0 ? random_below((uint32_t)length) : length;
}

int main(int count, char **arguments) {
  if (count < 4) return 2;
  int mutations = atoi(arguments[1]);
  random_state = (uint32_t)atoi(arguments[2]) * 2654435761u + 1;
  unsigned long decoded = 0, refused = 0;
  struct file reference = read_file(arguments[3]);
  uint64_t expected = 0;
  if (try_decode(reference.bytes, reference.length, 0, &expected) != 0) return 2;
  for (int index = 3; index < count; index++) {
    struct file file = read_file(arguments[index]);
    uint8_t *mutant = malloc(file.length + 1);
    for (int round = -6; round < mutations; round++) { /* as it is in each way, then mutated */
      size_t length = file.length;
      memcpy(mutant, file.bytes, length);
      if (round >= 0) length = mutate(mutant, length);
      uint64_t pixels = 0;
      int failure = try_decode(mutant, length, (unsigned)(round + 6), &pixels);
      if (failure) refused++;
      else decoded++;
    }
    uint64_t again = 0;
    if (try_decode(reference.bytes, reference.length, 0, &again) != 0 || again != expected) {
      fprintf(stderr, "%s left something behind: %s gives other pixels\n", arguments[index], arguments[3]);
      return 1;
    }
    free(mutant);
    free(file.bytes);
  }
  printf("%d files, %lu decodes, %lu refusals, no finding\n", count - 3, decoded, refused);
  return 0;
}
