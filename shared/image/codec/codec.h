/*
 * One call turns the bytes of a JPEG, PNG or WebP into RGB at a model's size.
 *
 *   codec.c     sniffs the format, checks the limits, holds the exported functions
 *   jpeg.c      libjpeg-turbo with DCT scaling; jpeg-scans.c surveys progressive files first
 *   png.c       libspng, row by row       webp.c  libwebp with its own scaling
 *   geometry.c  which part of the source becomes which part of the output
 *   painter.c   resamples rows as they come, applies the orientation
 *   exif.c      reads the orientation     icc.c   recognises Display P3     p3.c  converts it to sRGB
 *   median.c    3x3 median                arena.c malloc that is reset as a whole at every call
 *
 * Every failure leaves through fail(), which the host implements by throwing. No function below
 * cleans up after it: the next call resets the arena and every structure.
 *
 * All arithmetic that reaches a pixel is integer, or floating point that is exact or correctly
 * rounded by IEEE 754, in an order fixed by the source: the same bytes give the same pixels on
 * every machine.
 */
#ifndef EDGEWISE_CODEC_H
#define EDGEWISE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers are known to codec.ts. */
enum failure {
  FAIL_MEMORY = 1,       /* the arena's limit */
  FAIL_UNSUPPORTED = 2,  /* a kind of JPEG, PNG or WebP that is not read */
  FAIL_PIXELS = 3,
  FAIL_SIDE = 4,
  FAIL_SCANS = 5,
  FAIL_COEFFICIENTS = 6, /* a JPEG that must be held whole in memory, and is too large for it */
  FAIL_CORRUPT = 7,
  FAIL_TRUNCATED = 8,
  FAIL_ARGUMENT = 9,
};

enum {
  MAX_SIDE = 16384,
  MAX_JPEG_PIXELS = 50000000,
  MAX_PNG_PIXELS = 16000000,
  MAX_WEBP_PIXELS = 16000000,
  MAX_COEFFICIENT_BYTES = 40 << 20,
  MAX_SCANS = 32,
  /* Scans times coefficient bytes: what the entropy decoder may touch in all. 16 scans of 12 MP 4:2:0. */
  MAX_SCAN_BYTES = 600 << 20,
  MAX_WARNINGS = 1000,
  MAX_TARGET_SIDE = 1024,
};

enum format { FORMAT_JPEG = 1, FORMAT_PNG = 2, FORMAT_WEBP = 3 };
enum fit { FIT_COVER_CROP = 0, FIT_STRETCH = 1, FIT_LETTERBOX = 2 };
enum filter { FILTER_TRIANGLE = 0, FILTER_BILINEAR = 1 };
enum denoise { DENOISE_NONE = 0, DENOISE_MEDIAN3 = 1 };

/* What the caller wants; see InputSpec. */
struct request {
  int width, height; /* of the output, 1 to MAX_TARGET_SIDE */
  enum fit fit;
  double crop_fraction; /* in (0, 1] */
  enum filter filter;
  uint8_t background[3];
  enum denoise denoise;
};

/* What was found; codec.ts reads it as uint32 fields in this order, after failures too. */
struct report {
  uint32_t format;
  uint32_t width, height; /* as stored, before the orientation */
  uint32_t orientation;   /* EXIF, 1 to 8 */
  uint32_t warnings;
  uint32_t decoded_width, decoded_height;
  uint32_t display_p3; /* 1 when the pixels were converted from Display P3 */
  uint32_t library_code; /* the library's own number of the last error or warning */
  uint32_t scans;
  uint32_t arena_bytes; /* largest use */
};

/* The one request in flight. */
struct job {
  struct request request;
  struct report *report;
  uint8_t *pixels; /* the output, RGB, request.width x request.height */
};

/* codec.c */
_Noreturn void fail(enum failure failure);
void *allocate(size_t bytes); /* or fail(FAIL_MEMORY) */
void check_size(const struct report *report, uint32_t max_pixels);

/* arena.c */
void arena_reset(void);
size_t arena_bytes(void);

/* The decoders: set the report's fields, then push every row into a painter. They may overwrite the bytes. */
void decode_jpeg(struct job *job, uint8_t *bytes, size_t length);
void decode_png(struct job *job, uint8_t *bytes, size_t length);
void decode_webp(struct job *job, const uint8_t *bytes, size_t length);

/* exif.c: the orientation in a TIFF structure with or without its "Exif\0\0" prefix; 1 when there is none. */
uint32_t exif_orientation(const uint8_t *bytes, size_t length);

/* icc.c: whether an ICC profile is Display P3, a matrix profile with the sRGB curve. */
bool icc_is_display_p3(const uint8_t *profile, size_t length);

/* p3.c */
void p3_background(const uint8_t srgb[3], uint8_t p3[3]);
void p3_to_srgb(uint8_t *pixels, int width, int columns, int rows);

/* median.c: 3x3 median per channel, the edge repeated; `pixels` points into an image `width` pixels wide. */
void median3(uint8_t *pixels, int width, int columns, int rows);

/* geometry.c: the window of the source and its place in the output. */
struct placement {
  double middle_x, middle_y; /* of the window, in source pixels */
  double step_x, step_y;     /* source pixels per output pixel, as stored */
  int columns, rows;         /* output pixels it fills, as stored */
  int left, top;             /* where in the oriented output */
};
struct placement place(const struct request *request, const struct report *report);
/* The largest of 8, 4, 2, 1 by which the source may be shrunk on decoding and still be no smaller than its place. */
int shrink_factor(const struct placement *placement, enum filter filter);

/* painter.c */
struct tap {
  int first, count;
  const float *weights;
  double total;
};
struct painter {
  struct tap *x_taps, *y_taps;
  int columns, rows, next_row; /* next_row: the first output row that is not finished */
  int source_y;
  int slots; /* output rows in progress at once */
  float *line;
  double *sums;
  uint8_t *origin; /* of stored pixel (0, 0) in the output */
  ptrdiff_t x_stride, y_stride;
  struct job *job;
  struct placement placement;
};
/* `width` x `height` rows follow, which are the source scaled by `scale_x`, `scale_y` (at most 1). */
void painter_open(struct painter *painter, struct job *job, int width, int height, double scale_x, double scale_y);
void painter_push(struct painter *painter, const uint8_t *rgbx);
/* Checks that all rows came, converts Display P3, removes noise. */
void painter_close(struct painter *painter);

/* Flattens RGBA in place over `background`. */
void flatten(uint8_t *rgba, size_t pixels, const uint8_t background[3]);
/* The background in the source's own colour space. */
void source_background(const struct job *job, uint8_t background[3]);

#endif
